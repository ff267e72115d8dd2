import { expect, test } from "vitest";
import { killRounds } from "./kill-rounds.ts";

test("no confirmed event is lost, and no number skipped or repeated, when the hub is killed under load", async () => {
  const report = await killRounds(5, 7);
  expect(report).toMatchObject({ lost: 0, jumps: 0, disordered: 0 });
  expect(report.confirmed).toBeGreaterThan(1000);
}, 60_000);
