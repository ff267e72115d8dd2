import { describe, expect, test } from "vitest";
import { RuleSet } from "#cloud/alarms/rule-set.ts";
import { sinkAlarms } from "#config/sink/alarms.ts";

const { rules } = sinkAlarms.parse({
  rules: [
    { name: "hot", series: "*/oven-*/temperature", over: "5m", mean: "> 245" },
    { name: "empty", series: "hall-?/tank/level", over: "1h", min: "<= 5" },
    { name: "device", device: "*/oven-*", absent: "90s" },
    { name: "silent", gateway: "hall-*", absent: "2m" },
  ],
});

function namesFor(set: RuleSet, gateway: string, device: string, tag: string): string[] {
  const { thresholds, absences } = set.of({ gateway, device, tag });
  return [...thresholds, ...absences].map(({ name }) => name);
}

describe("a set of rules", () => {
  test("finds those that concern a series, part by part", () => {
    const set = new RuleSet(rules);
    expect(namesFor(set, "hall-3", "oven-2", "temperature")).toEqual(["hot", "device"]);
    expect(namesFor(set, "hall-3", "oven-2", "running")).toEqual(["device"]);
    expect(namesFor(set, "hall-3", "tank", "level")).toEqual(["empty"]);
    expect(namesFor(set, "hall-33", "tank", "level")).toEqual([]);
    // A slash within a name does not part it.
    expect(namesFor(set, "hall-3/oven-2", "temperature", "x")).toEqual([]);
    expect(namesFor(set, "hall-3", "oven-2/a", "temperature")).toEqual(["hot", "device"]);
  });

  test("looks at the windows that its rules need, and at no gateway that none concerns", () => {
    const set = new RuleSet(rules);
    expect([...set.widths].toSorted()).toEqual(["1h", "1m", "5m"]);
    expect(set.absentMsMax).toBe(90_000);
    expect(set.gatewayAbsences.map(({ name }) => name)).toEqual(["silent"]);
    const one = new RuleSet(rules.slice(1, 2));
    expect([...one.widths]).toEqual(["1h"]);
    expect(one.concerns("hall-3")).toBe(true);
    expect(one.concerns("hall-33")).toBe(false);
    expect(new RuleSet([]).concerns("hall-3")).toBe(false);
  });
});
