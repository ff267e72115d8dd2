import { expect, test } from "vitest";
import { tempFolder } from "#test/support/temp-folder.ts";
import { killRounds } from "./kill-rounds.ts";

test("kill -9 in mid-alarm: each raise and each end is told under one id, and none is lost", {
  timeout: 60_000,
}, async () => {
  const outcome = await killRounds({ folder: await tempFolder(), rounds: 4, seed: 11 });
  expect(outcome).toMatchObject({ raises: 2, clears: 2, lost: [], doubled: [] });
});
