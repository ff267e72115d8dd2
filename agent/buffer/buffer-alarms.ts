/**
 * The buffer's own alarms. Each stands for a condition: raised when it begins, cleared when it ends.
 * They concern no device, so they have the gateway's own name and a tag that no device can have.
 */

import { readdir, stat } from "node:fs/promises";
import type { AlarmPriority, AlarmTransition } from "#core/alarm.ts";
import { systemCodeOf } from "#core/errors.ts";
import { GATEWAY_DEVICE } from "#core/own-names.ts";

/** Dropping comes and goes with every segment: it is one alarm until it has ceased for so long. */
const DROPPING_MS = 60_000;

export interface BufferCondition {
  rule: "buffer-failing" | "buffer-full" | "buffer-damaged" | "buffer-copied";
  priority: AlarmPriority;
  isActive: boolean;
  message: string;
  value: number;
  expected: number;
  /** When it began, where that is known from before this start: the same alarm keeps its id. */
  sinceMs?: number | undefined;
}

export interface BufferFacts {
  bytes: number;
  bytesMax: number;
  isFull: boolean;
  whenFull: "drop-oldest" | "drop-newest" | "refuse";
  droppedReadings: number;
  /** Milliseconds since readings were last dropped. */
  sinceDropMs: number;
  failure: string | undefined;
  /** Time of the newest file that was set aside. */
  damagedAtMs: number | undefined;
  /** What is left to send of another machine's data. */
  isCopied: boolean;
}

export function conditionsOf(facts: BufferFacts): BufferCondition[] {
  const { bytes, bytesMax, failure, damagedAtMs } = facts;
  return [
    {
      rule: "buffer-failing",
      priority: "critical",
      isActive: failure !== undefined,
      message: `The gateway's buffer cannot be written, so nothing is acknowledged: ${failure ?? ""}.`,
      value: 1,
      expected: 0,
    },
    {
      rule: "buffer-full",
      priority: "high",
      isActive: facts.isFull || facts.sinceDropMs < DROPPING_MS,
      message: `The gateway's buffer is full: ${consequenceOf(facts)}. See why the cloud takes nothing.`,
      value: bytes,
      expected: bytesMax,
    },
    {
      rule: "buffer-damaged",
      priority: "high",
      isActive: damagedAtMs !== undefined,
      message:
        "The gateway's buffer was damaged: what was sound is delivered, the rest lies in its folder " +
        '"damaged". Mind the disk. The alarm ends when that folder is deleted.',
      value: 1,
      expected: 0,
      sinceMs: damagedAtMs,
    },
    {
      rule: "buffer-copied",
      priority: "high",
      isActive: facts.isCopied,
      message:
        "The gateway's buffer comes from another machine, or had another name: it has begun a new " +
        "epoch, and sends what was left in it. Does the other machine still run?",
      value: 1,
      expected: 0,
    },
  ];
}

function consequenceOf({ whenFull, droppedReadings }: BufferFacts): string {
  switch (whenFull) {
    case "refuse":
      return "devices get no acknowledgement, and keep their data";
    case "drop-oldest":
      return `the oldest readings are dropped (${droppedReadings} since the start)`;
    case "drop-newest":
      return `new readings are dropped (${droppedReadings} since the start)`;
  }
}

export class BufferAlarms {
  readonly #active = new Map<string, AlarmTransition>();

  /** The transitions since the last look. */
  look(conditions: readonly BufferCondition[], nowMs: number): AlarmTransition[] {
    const transitions: AlarmTransition[] = [];
    for (const condition of conditions) {
      const known = this.#active.get(condition.rule);
      if (condition.isActive === (known !== undefined)) continue;
      if (known) transitions.push(this.#clear(known, nowMs));
      else transitions.push(this.#raise(condition, nowMs));
    }
    return transitions;
  }

  #raise(condition: BufferCondition, nowMs: number): AlarmTransition {
    const { rule, priority, message, value, expected, sinceMs = nowMs } = condition;
    const raised: AlarmTransition = {
      id: `${GATEWAY_DEVICE} ${rule} ${sinceMs}`,
      device: GATEWAY_DEVICE,
      tag: "(buffer)",
      rule,
      state: "active",
      priority,
      ts: sinceMs,
      value,
      expected,
      message,
    };
    this.#active.set(rule, raised);
    return raised;
  }

  #clear(known: AlarmTransition, nowMs: number): AlarmTransition {
    this.#active.delete(known.rule);
    const message = `Over: ${known.rule.replace("-", " ")}.`;
    return { ...known, id: `${known.id} cleared`, state: "cleared", ts: nowMs, message };
  }
}

/** When the newest file was set aside; undefined where there is none. */
export async function newestIn(folder: string): Promise<number | undefined> {
  try {
    if ((await readdir(folder)).length === 0) return undefined;
    return Math.trunc((await stat(folder)).mtimeMs);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
