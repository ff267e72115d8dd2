/** How a command's request to a bus, and its outcome, travel over the control socket. */
import { z } from "zod";
import type { ReadOutcome } from "#agent/sources/modbus/link.ts";

const address = z.int().min(0).max(0xffff);

const asked = {
  bus: z.string(),
  unit: z.int().min(0).max(255),
  start: address,
  timeoutMs: z.number().min(1).max(60_000),
  /** Whether the frames on the wire are wanted. */
  frames: z.boolean(),
};

export const busMessage = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("read"),
    ...asked,
    table: z.enum(["coil", "discrete", "input", "holding"]),
    size: z.int().min(1).max(2000),
  }),
  z.strictObject({
    kind: z.literal("write"),
    ...asked,
    table: z.enum(["coil", "holding"]),
    words: z.array(address).min(1).max(123),
  }),
]);

export type BusMessage = z.infer<typeof busMessage>;

export interface BusAnswer {
  outcome:
    | Exclude<ReadOutcome["kind"], "answer" | "exception">
    | { data: string }
    | { code: number };
  frames: readonly { direction: "sent" | "received"; hex: string }[];
}

export function packOutcome(outcome: ReadOutcome): BusAnswer["outcome"] {
  if (outcome.kind === "answer") return { data: Buffer.from(outcome.data).toString("hex") };
  return outcome.kind === "exception" ? { code: outcome.code } : outcome.kind;
}

export function unpackOutcome(outcome: BusAnswer["outcome"]): ReadOutcome {
  if (typeof outcome === "string") return { kind: outcome };
  if ("code" in outcome) return { kind: "exception", code: outcome.code };
  return { kind: "answer", data: Buffer.from(outcome.data, "hex") };
}
