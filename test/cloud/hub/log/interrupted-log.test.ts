import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { systemClock } from "#core/clock.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { append, openLog, readFrom, segmentFiles } from "./log-fixture.ts";

const LARGE = "x".repeat(4000);
const DAY_MS = 86_400_000;
const WEEK = { ageMsMax: 7 * DAY_MS, bytesMax: Infinity };

describe("a log whose hub was killed while it began a segment", () => {
  test.each([
    ["its first", 0],
    ["another", 40],
  ])("takes events after the restart when that was %s", async (_name, events) => {
    const { log, folder } = await openLog({ retention: WEEK });
    for (let i = 0; i < events; i++) await append(log, 0, LARGE);
    await log.stop();
    await rm(join(folder, "clean-stop"));
    const last = segmentFiles(folder).at(-1)!;
    truncateSync(last, 0);
    const again = await openLog({ folder, retention: WEEK });
    const kept = await readFrom(again.log, 0);
    again.log.expire(systemClock.now());
    await append(again.log, 0, "after");
    expect(await readFrom(again.log, 0)).toEqual([...kept, { seq: kept.length, body: "after" }]);
    await again.log.stop();
    const third = await openLog({ folder, retention: WEEK });
    expect(await readFrom(third.log, 0)).toHaveLength(kept.length + 1);
    await third.log.stop();
  });
});

test("retention outlives a file that cannot be deleted", async () => {
  const { log, folder } = await openLog({ retention: { ageMsMax: Infinity, bytesMax: 1 } });
  for (let i = 0; i < 40; i++) await append(log, 0, LARGE);
  const index = `${segmentFiles(folder)[0]!}.index`;
  await rm(index, { force: true });
  mkdirSync(index);
  log.expire(systemClock.now());
  await append(log, 0, "after");
  expect((await readFrom(log, 0)).at(-1)?.body).toBe("after");
  await log.stop();
});

describe("a damaged log", () => {
  test("gives a reader that resumes inside damage all that comes behind it", async () => {
    const { log, folder } = await openLog({ recentBytesMax: 0 });
    for (let i = 0; i < 3; i++) await append(log, 0, `${i} ${LARGE}`);
    const { lastOffset } = log.partition(0);
    const path = segmentFiles(folder)[0]!;
    const bytes = readFileSync(path);
    const at = bytes.indexOf("1 xxxx");
    bytes[at] = 0x39;
    writeFileSync(path, bytes);
    // Into the middle of the second event, as from a log that was cut otherwise.
    const seq = await log.seqOfOffset(0, Math.floor(lastOffset / 2) + 100, false);
    expect(seq).toBe(2);
    await log.stop();
  });

  test("believes no index whose heading has changed", async () => {
    const { log, folder } = await openLog();
    for (let i = 0; i < 40; i++) await append(log, 0, LARGE);
    await log.stop();
    // What the newest index says of the end is where the last segment begins.
    const path = `${segmentFiles(folder).at(-2)!}.index`;
    const index = readFileSync(path);
    const at = index.indexOf('"end"');
    const digit = index.indexOf('"nextSeq":', at) + '"nextSeq":'.length;
    index[digit] = "9".charCodeAt(0);
    writeFileSync(path, index);
    const again = await openLog({ folder });
    expect(again.log.partition(0).nextSeq).toBe(40);
    expect(await readFrom(again.log, 0)).toHaveLength(40);
    await again.log.stop();
  });

  test("says which file is no good when it is the one that names the log", async () => {
    const folder = await tempFolder();
    const { log } = await openLog({ folder });
    await log.stop();
    writeFileSync(join(folder, "log.json"), '{"format":1,"crea');
    await expect(openLog({ folder })).rejects.toMatchObject({ code: "HUB_LOG_FAILED" });
  });
});
