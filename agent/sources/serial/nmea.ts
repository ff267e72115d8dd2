/**
 * NMEA 0183 sentences: `$` or `!`, fields, `*` and the checksum, which is the exclusive or of all
 * characters between the two (NMEA 0183, section 5.3). Pure.
 */
const SENTENCE = /[$!]([^$!*\r\n]*)\*([0-9A-Fa-f]{2})\s*$/;

export type Sentence =
  | { kind: "sentence"; id: string; fields: readonly string[] }
  | { kind: "no sentence" }
  | { kind: "wrong checksum" };

export function parseSentence(line: string): Sentence {
  const match = SENTENCE.exec(line);
  if (!match) return { kind: "no sentence" };
  const [, body = "", checksum = ""] = match;
  if (checksumOf(body) !== Number.parseInt(checksum, 16)) return { kind: "wrong checksum" };
  const [id = "", ...fields] = body.split(",");
  return { kind: "sentence", id, fields };
}

export function checksumOf(body: string): number {
  let sum = 0;
  for (let i = 0; i < body.length; i++) sum ^= body.charCodeAt(i);
  return sum & 0xff;
}
