import { expect, test } from "vitest";
import { createLineReader, type LineReader } from "#agent/sources/serial/line-reader.ts";
import { checksumOf, parseSentence } from "#agent/sources/serial/nmea.ts";
import { fc } from "#test/support/properties.ts";
import { serialSettings } from "./start-line.ts";

function reader(bus: Record<string, unknown>, known: readonly string[] = []): LineReader {
  return createLineReader(serialSettings({ serial: "/dev/ttyS0", ...bus }).bus, known);
}

function found(lines: LineReader, line: string): Record<string, string> | string {
  const outcome = lines.read(line);
  if (outcome.kind === "unmatched") return outcome.why;
  if (outcome.kind === "other") return outcome.kind;
  return Object.fromEntries(outcome.found.map(({ tag, text }) => [tag, text]));
}

// From the GGA example that most receivers' manuals print, with its checksum.
const GGA = "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47";

test("columns are tags, in their order, and some are left out", () => {
  const lines = reader({
    format: "csv",
    separator: ";",
    columns: ["temperature", "_", "humidity"],
  });
  expect(lines.tags).toEqual(["temperature", "humidity"]);
  expect(found(lines, "21.5;x;40;more")).toEqual({ temperature: "21.5", humidity: "40" });
  expect(found(lines, "21.5;x")).toBe("has 2 columns instead of 3");
});

test("of name=value lines only the device's tags are read", () => {
  const lines = reader({ format: "key-value" }, ["T", "RH"]);
  expect(found(lines, "T=21.5 RH: 40, serial=77; T2=9")).toEqual({ T: "21.5", RH: "40" });
  expect(found(lines, "hello")).toBe("has none of the device's tags");
});

test("NMEA sentences are read with their checksum, whoever talks", () => {
  const columns = ["_", "_", "_", "_", "_", "_", "satellites", "hdop", "altitude"];
  const lines = reader({ format: "nmea", sentence: "GGA", columns });
  expect(found(lines, GGA)).toEqual({ satellites: "08", hdop: "0.9", altitude: "545.4" });
  expect(found(lines, GGA.replace("545.4", "545.5"))).toBe("has a wrong checksum");
  expect(found(lines, "noise")).toBe("is no NMEA sentence");
  expect(found(lines, "$GPZDA,201530.00,04,07,2002,00,00*60")).toBe("other");
});

test("an empty field of a sentence is no reading", () => {
  const lines = reader({ format: "nmea", columns: ["a", "b"] });
  const body = "XXABC,,2";
  const checksum = checksumOf(body).toString(16).toUpperCase().padStart(2, "0");
  expect(found(lines, `$${body}*${checksum}`)).toEqual({ b: "2" });
});

test("one changed character is always noticed by the checksum", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 127 }), (at, flip) => {
      const changed = GGA.charCodeAt(at) ^ flip;
      const line = GGA.slice(0, at) + String.fromCharCode(changed) + GGA.slice(at + 1);
      const parsed = parseSentence(line);
      expect(
        parsed.kind === "sentence" && parsed.id === "GPGGA" && parsed.fields[8] === "545.4",
      ).toBe(false);
    }),
  );
});

test("any line is read without an error, in every format", () => {
  const readers = [
    reader({ match: "(?<weight>[-+.0-9]+) kg" }),
    reader({ format: "csv", columns: ["a", "b"] }),
    reader({ format: "key-value" }, ["a"]),
    reader({ format: "nmea", columns: ["a"] }),
  ];
  fc.assert(
    fc.property(fc.string(), (line) => {
      for (const lines of readers)
        expect(lines.read(line).kind).toMatch(/^(found|other|unmatched)$/);
    }),
  );
});
