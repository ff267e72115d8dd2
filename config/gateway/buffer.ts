/** `buffer`: where readings wait for the hub. */
import { z } from "zod";
import { durationBetween, HOUR_MS, size } from "../units.ts";

export const buffer = z.strictObject({
  path: z.string().min(1).default("data/buffer").describe("Folder of the buffer; made if missing."),
  maxBytes: size
    .prefault("1GiB")
    .describe("What the buffer may take up on the disk. At this size `whenFull` decides."),
  maxAge: durationBetween(60_000, 400 * 24 * HOUR_MS)
    .prefault("14d")
    .describe("Unsent readings older than this are dropped, counted and reported."),
  minFreeDisk: size
    .prefault("256MiB")
    .describe("Free space that is left on the disk, whatever `maxBytes` would allow."),
  whenFull: z
    .enum(["drop-oldest", "drop-newest", "refuse"])
    .default("drop-oldest")
    .describe("`refuse`: publishing devices get no acknowledgement, and so keep their data."),
  linger: durationBetween(0, 1000)
    .prefault("10ms")
    .describe("Wait at most this long for more readings before they are written to the disk."),
  lanes: z
    .int()
    .min(1)
    .max(64)
    .default(8)
    .describe("Devices are divided into this many lanes; fixed when the buffer is made."),
  dedupeWindow: durationBetween(0, 24 * HOUR_MS)
    .prefault("10m")
    .describe("A message that a device sends again within this time is recognised."),
});
