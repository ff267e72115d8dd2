// oxlint-disable vitest/no-standalone-expect -- peerTest() is a test.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { partitionOfKey } from "#cloud/hub/partition-key.ts";
import { type Peer, peerTest } from "#test/support/peer.ts";
import { fc } from "#test/support/properties.ts";

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
    { numRuns: 1000 },
  );
}, 20_000);

// Outputs of the service's own C# implementation, as the SDK's tests give them:
// https://github.com/Azure/azure-sdk-for-js (sdk/eventhub/event-hubs/test/internal/impl).
test.each([
  ["alphabet", 3, 0],
  ["alphabet", 11, 4],
  ["TheBestParitionEver", 4, 2],
  ["TheWorstParitionEver", 15, 1],
])("the service puts %s, of %i partitions, on %i, and so does the hub", (key, partitions, id) => {
  expect(partitionOfKey(key, partitions)).toBe(id);
});

const pythonResolver: Peer = {
  probe: ["/usr/bin/python3", "-c", "import azure.eventhub"],
  debianPackage: "python3-azure",
};

/** With so many partitions, the partition is the hash without its sign. */
const HASHES = 65_536;

const PYTHON_SCRIPT = `
import json, sys
from azure.eventhub._buffered_producer._partition_resolver import generate_hash_code
print(json.dumps([abs(generate_hash_code(key)) for key in json.load(sys.stdin)]))
`;

peerTest("Debian's client for Python has the same hash of keys", [pythonResolver], async () => {
  // Its buffered producer hashes characters instead of UTF-8 bytes, and takes another remainder of
  // negative hashes than the service; only the hash itself, of ASCII, can be compared.
  const key = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 60 });
  const keys = fc.sample(key, { numRuns: 2000, seed: 4 });
  const { stdout } = spawnSync("/usr/bin/python3", ["-c", PYTHON_SCRIPT], {
    input: JSON.stringify(keys),
    encoding: "utf8",
  });
  expect(JSON.parse(stdout)).toEqual(keys.map((name) => partitionOfKey(name, HASHES)));
});
