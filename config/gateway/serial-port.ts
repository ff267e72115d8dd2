/** How a serial port is set up, whatever is spoken on it. */
import { z } from "zod";

export const serialSettings = {
  baud: z.int().min(50).max(4_000_000).default(9600).describe("Bits a second."),
  parity: z.enum(["none", "even", "odd"]).default("none").describe("Parity bit."),
  dataBits: z
    .union([z.literal(7), z.literal(8)])
    .default(8)
    .describe("Bits a character."),
  stopBits: z
    .union([z.literal(1), z.literal(2)])
    .default(1)
    .describe("Stop bits."),
};
