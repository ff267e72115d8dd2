/**
 * What the demo reads of `/api/status` on both sides. A program that is down, or busy, gives no
 * status; the demo shows the last one and asks again.
 */
import { PenstockError } from "#core/errors.ts";

export interface AgentFigures {
  /** Readings on the gateway's disk or beyond, by source; durable. */
  storedBySource: Readonly<Record<string, number>>;
  /** What waits for the hub. */
  bufferSegments: number;
  bufferBytes: number;
}

export interface LatencyMs {
  p50: number;
  p99: number;
  max: number;
  count: number;
}

export interface SinkFigures {
  /** Readings committed, bad ones included; durable. */
  committed: number;
  /** Alarms that the agent told of, raised or cleared; durable. */
  alarms: number;
  /** From a reading's time stamp to its being visible; of this life of the sink. */
  latencyMs: LatencyMs;
}

const TIMEOUT_MS = 2000;

export async function readAgent(baseUrl: string): Promise<AgentFigures | undefined> {
  const status = await fetchStatus(baseUrl);
  if (!status) return undefined;
  return {
    storedBySource: numbersAt(status, "readings", "bySource"),
    bufferSegments: numberAt(status, "buffer", "segments"),
    bufferBytes: numberAt(status, "buffer", "bytes"),
  };
}

export async function readSink(baseUrl: string): Promise<SinkFigures | undefined> {
  const status = await fetchStatus(baseUrl);
  if (!status) return undefined;
  return {
    committed: numberAt(status, "readings", "accepted"),
    alarms: numberAt(status, "alarms"),
    latencyMs: {
      p50: numberAt(status, "latencyMs", "p50"),
      p99: numberAt(status, "latencyMs", "p99"),
      max: numberAt(status, "latencyMs", "max"),
      count: numberAt(status, "latencyMs", "count"),
    },
  };
}

/** Lets the sink measure latency anew; false where it does not answer. */
export async function resetLatency(baseUrl: string): Promise<boolean> {
  return (await fetchJson(baseUrl, "/api/latency?reset=1")) !== undefined;
}

function fetchStatus(baseUrl: string): Promise<unknown> {
  return fetchJson(baseUrl, "/api/status");
}

/** Undefined where nobody answers in time. */
async function fetchJson(baseUrl: string, path: string): Promise<unknown> {
  try {
    const response = await fetch(new URL(path, baseUrl), {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return response.ok ? await response.json() : undefined;
  } catch {
    // Down, restarting, or overloaded: the supervisor tells which.
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isNumbers(value: unknown): value is Readonly<Record<string, number>> {
  return isObject(value) && Object.values(value).every((item) => typeof item === "number");
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((found, key) => (isObject(found) ? found[key] : undefined), value);
}

/** A figure that is not there is a defect of the program: counting it as 0 would hide a loss. */
function numberAt(status: unknown, ...path: string[]): number {
  const found = at(status, path);
  if (typeof found === "number") return found;
  throw new PenstockError("PROGRAM_FAILED", `/api/status lacks the number ${path.join(".")}`);
}

function numbersAt(status: unknown, ...path: string[]): Readonly<Record<string, number>> {
  const found = at(status, path);
  if (isNumbers(found)) return found;
  throw new PenstockError("PROGRAM_FAILED", `/api/status lacks the numbers ${path.join(".")}`);
}
