import { expect, onTestFinished, test } from "vitest";
import { askDesk } from "#cloud/alarms/ask-desk.ts";
import { SqliteStore } from "#cloud/store/sqlite/sqlite-store.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

const operation = { kind: "reset", keys: ["k"], by: "ada", note: "" } as const;

test("an operation that no sink takes up is told, and is not done later", async () => {
  const folder = await tempFolder();
  const store = new SqliteStore({
    folder,
    foldEveryMs: 1e9,
    clock: systemClock,
    log: silentLogger,
  });
  await store.start();
  onTestFinished(() => store.stop());
  const clock = new ManualClock();
  const refused: unknown[] = [];
  const asked = askDesk(store.desk, operation, clock).catch((error: unknown) => {
    refused.push(error);
  });
  await clock.advance(1000);
  expect(await store.desk.requests(10)).toMatchObject([{ operation }]);
  await clock.advance(20_000);
  await asked;
  expect(refused).toMatchObject([{ code: "CONTROL_ABSENT" }]);
  expect(await store.desk.requests(10)).toEqual([]);
});
