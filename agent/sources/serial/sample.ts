/** A few bytes of what came in, for a person who has to guess baud rate, parity or pattern. */

const TEXT_MAX = 80;
const HEX_MAX = 16;

export interface Sample {
  /** Printable characters; others stand as dots. */
  text: string;
  /** The first bytes. */
  hex: string;
}

export function sampleOf(bytes: Uint8Array): Sample {
  const text = Buffer.from(bytes.subarray(0, TEXT_MAX))
    .toString("latin1")
    .replace(/[^\x20-\x7e]/g, ".");
  const pairs = Buffer.from(bytes.subarray(0, HEX_MAX)).toString("hex").match(/../g) ?? [];
  const isCut = bytes.length > HEX_MAX;
  return {
    text: bytes.length > TEXT_MAX ? `${text}…` : text,
    hex: `${pairs.join(" ")}${isCut ? " …" : ""}`,
  };
}
