/** Kill -9 at any moment of accepting and folding: what was acknowledged counts, exactly once. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { SqliteStore } from "#cloud/store/sqlite/sqlite-store.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { everything, scope } from "#test/contracts/store-fixtures.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

const PROGRAM = fileURLToPath(new URL("committing-program.ts", import.meta.url));
const ROUNDS = 6;
const SERIES = 1500;

/** Runs the program until it is killed; gives the last seq that it acknowledged. */
async function runAndKill(folder: string, aliveMs: number): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let text = "";
  child.stdout.on("data", (part: Buffer) => {
    text += part.toString("utf8");
  });
  await once(child.stdout, "data");
  await delay(aliveMs);
  child.kill("SIGKILL");
  await exited;
  return Number(text.slice(0, text.lastIndexOf("\n")).split("\n").at(-1));
}

function hasInterruptedFold(folder: string): boolean {
  const db = new DatabaseSync(join(folder, "sink.sqlite"));
  const row = db.prepare("SELECT count(*) AS folds FROM fold_progress").get();
  db.close();
  return Number(row?.["folds"]) > 0;
}

interface Sums {
  count: number;
  sum: number;
}

/** Per width and series, over all windows. */
async function sums(store: SqliteStore, width: "1m" | "5m" | "1h"): Promise<Map<string, Sums>> {
  const found = new Map<string, Sums>();
  for await (const row of store.rollups({ ...everything, width })) {
    const name = `${row.device} ${row.tag}`;
    const entry = found.get(name) ?? { count: 0, sum: 0 };
    entry.count += row.count;
    entry.sum += row.sum ?? 0;
    found.set(name, entry);
  }
  return found;
}

test("counts each acknowledged chunk once after kill -9 at random moments", {
  timeout: 120_000,
}, async () => {
  const folder = await tempFolder();
  const live = join(folder, "live");
  const random = createRandom(20261121);
  let interruptedFolds = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const acknowledged = await runAndKill(live, random.int(300));
    // A copy is looked at, so that the next round takes up what the kill left.
    const copy = join(folder, `copy-${round}`);
    cpSync(live, copy, { recursive: true });
    if (hasInterruptedFold(copy)) interruptedFolds += 1;
    const store = new SqliteStore({
      folder: copy,
      foldEveryMs: 1e9,
      clock: systemClock,
      log: silentLogger,
    });
    await store.start();
    const [position] = await store.positions(scope);
    const committed = position?.sequenceNumber ?? -1;
    expect(committed).toBeGreaterThanOrEqual(acknowledged);
    const expected = { count: committed + 1, sum: (committed * (committed + 1)) / 2 };
    for (const width of ["1m", "5m", "1h"] as const) {
      const found = await sums(store, width);
      expect(found.size).toBe(SERIES);
      expect([...found.values()].filter((entry) => entry.count !== expected.count)).toEqual([]);
      expect([...found.values()].filter((entry) => entry.sum !== expected.sum)).toEqual([]);
    }
    expect((await store.state()).totals.chunks).toBe(committed + 1);
    await store.stop();
    rmSync(copy, { recursive: true });
  }
  // Without any, the kills came between the interesting moments, and the test proves nothing.
  expect(interruptedFolds).toBeGreaterThan(0);
});
