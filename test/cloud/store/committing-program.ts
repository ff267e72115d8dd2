/**
 * Commits without end, for the test that kills it: each chunk holds one reading of many series, and
 * its value is its seq. Says the seq of each commit on standard output, after the commit.
 */
import { SqliteStore } from "#cloud/store/sqlite/sqlite-store.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import {
  chunkId,
  commit,
  event,
  MINUTE,
  own,
  readings,
  scope,
} from "#test/contracts/store-fixtures.ts";

const DEVICES = 15;
const TAGS = 100;

const [folder = ""] = process.argv.slice(2);
const store = new SqliteStore({ folder, foldEveryMs: 30, clock: systemClock, log: silentLogger });
await store.start();
await own(store);
const [position] = await store.positions(scope);

for (let seq = (position?.sequenceNumber ?? -1) + 1; ; seq++) {
  const blocks = Array.from({ length: DEVICES }, (_, device) => ({
    device: `device-${device}`,
    tags: Array.from({ length: TAGS }, (__, tag) => `tag-${tag}`),
    ts: [MINUTE + seq * 700],
    columns: Array.from({ length: TAGS }, () => [seq]),
    marks: [],
  }));
  await commit(store, [event(seq, [{ id: chunkId(seq), content: readings(...blocks) }])]);
  process.stdout.write(`${seq}\n`);
  await systemClock.sleep(2, { name: "between commits" });
}
