import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { SqliteStore } from "#cloud/store/sqlite/sqlite-store.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import {
  block,
  chunkId,
  commit,
  event,
  own,
  poison,
  readings,
  rowsText,
} from "#test/contracts/store-fixtures.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

const MAIN = fileURLToPath(new URL("../../../cloud/main.ts", import.meta.url));
const CONNECTION =
  "Endpoint=sb://127.0.0.1:9;SharedAccessKeyName=k;SharedAccessKey=cw==;EntityPath=telemetry";

async function run(...args: string[]): Promise<{ code: number | null; stdout: string }> {
  const child = spawn(process.execPath, [MAIN, "dead-letters", ...args], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let stdout = "";
  child.stdout.on("data", (part: Buffer) => (stdout += part.toString("utf8")));
  await once(child, "close");
  return { code: child.exitCode, stdout };
}

test("dead letters are listed, and those that can be read by now are taken in", {
  timeout: 60_000,
}, async () => {
  const folder = await tempFolder();
  const file = join(folder, "sink.yaml");
  const data = join(folder, "data");
  writeFileSync(
    file,
    `version: 1
source: { connectionString: "${CONNECTION}", hub: telemetry }
store: { sqlite: ${JSON.stringify(data)} }
`,
  );
  const options = { folder: data, foldEveryMs: 1e9, clock: systemClock, log: silentLogger };
  const store = new SqliteStore(options);
  await store.start();
  await own(store);
  // As a sink of before put it aside: this one can read it.
  const { body } = event(0, [{ id: chunkId(0), content: readings(block([1, 2])) }]);
  const parked = poison(0, body);
  await commit(store, [
    {
      ...parked,
      content: { kind: "poison", code: "CHUNK_VERSION_UNKNOWN", reason: "v2\u001b[2J" },
    },
    poison(1, Buffer.from("noise")),
  ]);
  await store.stop();

  const listed = await run("ls", "--config", file);
  expect(listed.code).toBe(0);
  expect(listed.stdout.split("\n")).toHaveLength(3);
  expect(listed.stdout).not.toContain("\u001b");
  const json = await run("ls", "--config", file, "--json", "--code", "CHUNK_MALFORMED");
  expect(JSON.parse(json.stdout)).toMatchObject({ code: "CHUNK_MALFORMED", bytes: 5 });

  const replayed = await run("replay", "--config", file, "--json");
  expect(replayed.code).toBe(0);
  expect(JSON.parse(replayed.stdout)).toEqual({
    revived: 1,
    chunks: 1,
    duplicateChunks: 0,
    left: 1,
  });
  expect((await run("replay", "--config", file)).stdout).toBe(
    "0 taken in (0 chunks new, 0 known), 1 left\n",
  );
  expect(await run("replay")).toMatchObject({ code: 2 });
  expect(await run("ls", "--config", file, "--id", "x")).toMatchObject({ code: 2 });

  await store.start();
  expect(JSON.parse(await rowsText(store))).toMatchObject({ count: 2, sum: 3 });
  await store.stop();
});
