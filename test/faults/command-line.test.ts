import { expect, test } from "vitest";
import { type FaultsOptions, parseCommandLine } from "./command-line.ts";
import { faultKinds } from "./fault-kind.ts";

function optionsOf(...args: string[]): FaultsOptions {
  const parsed = parseCommandLine(args);
  if (parsed.kind !== "run") throw new Error(JSON.stringify(parsed));
  return parsed.options;
}

test("without options, all faults come for two minutes", () => {
  expect(optionsOf()).toMatchObject({ minutes: 2, seed: 1, kinds: faultKinds, kills: undefined });
});

test("faults are chosen by name or group, each once", () => {
  const { kinds } = optionsOf("--only", "kill, kill-hub,throttle");
  expect(kinds.map((kind) => kind.name)).toEqual([
    "kill-agent",
    "kill-hub",
    "kill-sink",
    "kill-all",
    "throttle",
  ]);
});

test.each([
  [["--only", "lightning"], "there is no such fault"],
  [["--store", "paper"], "expected sqlite or postgres"],
  [["--plant", "bug"], "there is no such defect"],
  [["--minutes", "soon"], "--minutes soon: expected a number"],
  [["--minutes", ""], "--minutes"],
  [["--kills", "1.5"], "expected a whole number"],
  [["--seed", "-1"], "--seed"],
  [["--data", ""], "expected a folder"],
  [["--frequency"], "--frequency"],
])("%s is misuse, and says why", (args, why) => {
  expect(parseCommandLine(args)).toMatchObject({ kind: "misuse" });
  expect(JSON.stringify(parseCommandLine(args))).toContain(why);
});
