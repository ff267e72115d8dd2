import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { partitionOfKey } from "#cloud/hub/partition-key.ts";

type Mapping = (key: string, partitions: number) => number;

/** The SDK's buffered producer must choose the partition that the service would. */
async function sdkMapping(): Promise<Mapping> {
  const entry = createRequire(import.meta.url).resolve("@azure/event-hubs");
  const root = entry.slice(0, entry.indexOf("event-hubs") + "event-hubs".length);
  const file = join(dirname(join(root, "x")), "dist/esm/impl/partitionKeyToIdMapper.js");
  const module: unknown = await import(pathToFileURL(file).href);
  // The module is the SDK's own, and not one of its exports.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (module as { mapPartitionKeyToId: Mapping }).mapPartitionKeyToId;
}

test("a key lands on the partition that the SDK computes for it", async () => {
  const mapPartitionKeyToId = await sdkMapping();
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.integer({ min: 1, max: 1024 }),
      (key, partitions) => {
        expect(partitionOfKey(key, partitions)).toBe(mapPartitionKeyToId(key, partitions));
      },
    ),
    { numRuns: 3000 },
  );
});
