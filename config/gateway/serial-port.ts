/** How a serial port is set up, whatever is spoken on it. */
import { z } from "zod";

/** A path, or an adapter by what it says of itself. */
export const serialPort = z
  .string()
  .min(1)
  .regex(/^(?!usb:)|^usb:[0-9a-fA-F]{4}:[0-9a-fA-F]{4}(?::.+)?$/, {
    error: "expected usb:VENDOR:PRODUCT or usb:VENDOR:PRODUCT:SERIAL, such as usb:0403:6001:A10KX3",
  })
  .regex(/^(?:\.{0,2}\/|usb:)/, {
    error: "a serial port is a path such as /dev/serial/by-id/…, or usb:VENDOR:PRODUCT",
  })
  .describe(
    "The port, best by its stable name in /dev/serial/by-id, or as `usb:0403:6001:A10KX3`: " +
      "vendor, product and, among several, serial number.",
  );

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
