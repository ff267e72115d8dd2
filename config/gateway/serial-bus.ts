/** `buses`: serial lines of devices with a text protocol of their own. */
import { z } from "zod";
import { name } from "../plain-keys.ts";
import { durationBetween, HOUR_MS, sizeBetween } from "../units.ts";
import { serialPort, serialSettings } from "./serial-port.ts";

const bytes = z.string().min(1).max(16);

const frame = z.strictObject({
  delimiter: bytes.default("\r\n").describe("What ends a line."),
  start: bytes.optional().describe("What a frame begins with; what comes before is thrown away."),
  end: bytes.optional().describe("What ends a frame that has a start. Default: the delimiter."),
  length: z.int().min(1).max(65_536).optional().describe("Bytes of a frame, its start included."),
  idle: durationBetween(2, 60_000)
    .optional()
    .describe("A frame ends when nothing came for this long; nothing else ends it."),
  maxLength: sizeBetween(16, 1024 * 1024)
    .prefault("4KiB")
    .describe("A longer line is counted and thrown away."),
});

export type FrameSettings = z.infer<typeof frame>;

const ask = z.strictObject({
  send: z.string().min(1).max(256).describe('What is sent, such as "P\\r\\n".'),
  every: durationBetween(20, 24 * HOUR_MS)
    .prefault("1s")
    .describe("How often."),
  expect: z
    .string()
    .min(1)
    .optional()
    .describe("Regular expression that the answer has to match; what comes instead is told."),
  within: durationBetween(10, 60_000)
    .prefault("500ms")
    .describe("The answer is given up after this time, and what it would have told is bad."),
});

export type AskSettings = z.infer<typeof ask>;

const serialLine = {
  serial: serialPort,
  ...serialSettings,
  frame: frame.prefault({}).describe("How the bytes are cut into lines."),
  ask: z
    .union([ask, z.array(ask).min(1).max(16)])
    .optional()
    .describe("For a device that speaks only when it is asked: one question, or a list of them."),
  silence: durationBetween(100, HOUR_MS)
    .prefault("30s")
    .describe("A line that says nothing for this long is reported as `bad`/`timeout`."),
};

export const serialBus = z.strictObject({
  ...serialLine,
  match: z
    .string()
    .min(1)
    .describe("Regular expression with named groups: each group is a tag of the bus's device."),
});

export const serialFieldsBus = z.strictObject({
  ...serialLine,
  format: z
    .enum(["csv", "key-value", "nmea"])
    .describe("Lines of columns, of `name=value`, or NMEA 0183 sentences with their checksum."),
  separator: z.string().length(1).default(",").describe("Between the columns of `csv`."),
  columns: z
    .array(z.union([name, z.literal("_")]))
    .max(256)
    .default([])
    .describe('Tags of the columns of `csv` or `nmea`, in their order; "_" leaves one out.'),
  sentence: z
    .string()
    .regex(/^[A-Z0-9]{3,8}$/)
    .optional()
    .describe("The `nmea` sentence that is read, with its talker or without: GPGGA, or GGA."),
});

export type SerialBusSettings = z.infer<typeof serialBus> | z.infer<typeof serialFieldsBus>;
