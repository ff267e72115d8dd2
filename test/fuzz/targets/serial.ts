/** What serial devices say: frames of every kind, lines of every kind, single values. */

import { Field } from "#agent/sources/serial/field.ts";
import { createFramer } from "#agent/sources/serial/framing.ts";
import { createLineReader } from "#agent/sources/serial/line-reader.ts";
import { sampleOf } from "#agent/sources/serial/sample.ts";
import { createRandom } from "#core/random.ts";
import { serialSettings } from "#test/agent/sources/serial/start-line.ts";
import { pieces } from "../mutation.ts";
import { bytes, type FuzzTarget, holds } from "../target.ts";

const FRAME_BYTES_MAX = 64;
const maxLength = `${FRAME_BYTES_MAX}B`;

const FRAMES: readonly Record<string, unknown>[] = [
  { maxLength },
  { maxLength, delimiter: "\r\n--" },
  { maxLength, start: "\u0002", end: "\u0003" },
  { maxLength, start: "AB" },
  { length: 8 },
  { length: 8, start: "W" },
  { maxLength, idle: "20ms" },
];

const settingsOf = (more: Record<string, unknown>): ReturnType<typeof serialSettings>["bus"] =>
  serialSettings({ serial: "/dev/null", ...more }).bus;

const FRAMINGS = FRAMES.map((frame) => settingsOf({ match: "(?<v>.)", frame }).frame);

export const frames: FuzzTarget = {
  name: "serial-frames",
  describe: "framing by delimiter, start and end, length, idle gap",
  seeds: bytes("12.5 kg\r\n13 kg\r\n", "\u000212.5\u0003", "W12345678W1234567", "AB1\r\nAB2\r\n"),
  dictionary: bytes("\r\n", "\u0002", "\u0003", "W", "AB", "\r\n--"),
  feed(input) {
    const random = createRandom(input.length);
    for (const settings of FRAMINGS) {
      const whole = createFramer(settings);
      const parted = createFramer(settings);
      const atOnce = [...whole.push(input), ...whole.idle()];
      const inPieces = pieces(input, random).flatMap((piece) => parted.push(piece));
      inPieces.push(...parted.idle());
      for (const frame of atOnce) {
        holds(frame.length <= FRAME_BYTES_MAX, "no frame is longer than allowed");
      }
      holds(
        settings.idle !== undefined || Buffer.concat(atOnce).equals(Buffer.concat(inPieces)),
        `frames do not depend on how the bytes arrive: ${JSON.stringify(settings)}`,
      );
      sampleOf(input);
    }
  },
};

const READERS = [
  createLineReader(settingsOf({ match: "(?<state>ST|US),(?<weight>[-+. 0-9]+)" }), []),
  createLineReader(settingsOf({ format: "csv", columns: ["a", "_", "b"] }), []),
  createLineReader(settingsOf({ format: "key-value" }), ["T", "RH"]),
  createLineReader(settingsOf({ format: "nmea", columns: ["_", "time"], sentence: "GGA" }), []),
];

const FIELDS = [
  new Field(undefined),
  new Field(
    serialSettings(
      { serial: "/dev/null", match: "(?<v>.)" },
      { v: { scale: 0.1, offset: 3, invalid: [9] } },
    ).tags["v"],
  ),
  new Field(
    serialSettings({ serial: "/dev/null", match: "(?<v>.)" }, { v: { type: "string" } }).tags["v"],
  ),
];

export const lines: FuzzTarget = {
  name: "serial-lines",
  describe: "lines by pattern, CSV, name=value, NMEA 0183, and their values",
  seeds: bytes(
    "ST,- 12.5",
    "1,x,2.5",
    "T=21.5 RH: 40",
    "$GPGGA,123519,4807.038,N*4B",
    "+0012.345",
    "1e5",
  ),
  dictionary: bytes("$", "*", ",", "=", "1e999", "-", "0x10", "NaN", "\u00e9"),
  feed(input) {
    const line = Buffer.from(input).toString("latin1");
    for (const reader of READERS) {
      const outcome = reader.read(line);
      if (outcome.kind !== "found") continue;
      for (const { tag, text } of outcome.found) {
        holds(reader.tags.includes(tag), "only known tags are found");
        for (const field of FIELDS) {
          const { value } = field.read(text);
          holds(typeof value !== "number" || Number.isFinite(value), "numbers are finite");
        }
      }
    }
  },
};
