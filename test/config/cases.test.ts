/**
 * Faulty files, a folder each: `input.yaml` as a technician could have written it, `expected.txt` as
 * the technician is told. `vitest run test/config/cases.test.ts -u` writes the expectations anew, to be
 * read by a person before they are committed.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError, renderFaults } from "#config/faults/faults.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { loadSink } from "#config/loading/load-sink.ts";

const folder = join(import.meta.dirname, "cases");
const secrets = { environment: { PENSTOCK_SECRET_TEST_SIZE: "a great many" } };

/** A gateway's file, unless the folder's name begins with `sink-`. */
function complaintsAbout(name: string): string {
  const path = join(folder, name, "input.yaml");
  try {
    const load = name.startsWith("sink-") ? loadSink : loadGateway;
    load(path, secrets);
  } catch (error) {
    if (error instanceof ConfigError) {
      return `${renderFaults(error.faults, "text")}\n`.replaceAll(path, "input.yaml");
    }
    throw error;
  }
  return "good\n";
}

describe("a technician is told", () => {
  for (const name of readdirSync(folder)) {
    test(name.replaceAll("-", " "), async () => {
      const complaints = complaintsAbout(name);
      await expect(complaints).toMatchFileSnapshot(join(folder, name, "expected.txt"));
      expect(complaints).not.toBe("good\n");
    });
  }
});
