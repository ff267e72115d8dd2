import { beforeEach, describe, expect, test } from "vitest";
import { GatewayJudge } from "#cloud/alarms/gateway-judge.ts";
import { RuleSet } from "#cloud/alarms/rule-set.ts";
import { Verdict } from "#cloud/alarms/verdict.ts";
import type { GatewayMark } from "#cloud/store/desk-contract.ts";
import { sinkAlarms } from "#config/sink/alarms.ts";

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 21, 10);
const { rules } = sinkAlarms.parse({
  rules: [{ name: "gateway silent", gateway: "hall-*", absent: "90s", priority: "critical" }],
});

let judge: GatewayJudge;

beforeEach(() => {
  judge = new GatewayJudge(new RuleSet(rules), () => NOW);
});

function mark(gateway: string, seenAtMs: number): GatewayMark {
  return { gateway, seenAtMs, watermarkMs: undefined, newestMs: seenAtMs };
}

function told(knownUntilMs: number, ...marks: GatewayMark[]): string[] {
  const verdict = new Verdict();
  judge.judge(marks, knownUntilMs, verdict);
  return verdict.raised.map(({ gateway, state }) => `${gateway} ${state}`);
}

describe("a gateway", () => {
  test("is missed when it is silent for long enough, and welcomed when it is back", () => {
    expect(told(NOW, mark("hall-3", NOW), mark("office", NOW))).toEqual([]);
    expect(told(NOW + 89_999, mark("hall-3", NOW), mark("office", NOW))).toEqual([]);
    expect(told(NOW + 90_000, mark("hall-3", NOW), mark("office", NOW))).toEqual(["hall-3 active"]);
    expect(told(NOW + 200_000, mark("hall-3", NOW))).toEqual([]);
    expect(told(NOW + 300_000, mark("hall-3", NOW + 299_000))).toEqual(["hall-3 cleared"]);
  });

  test("is not missed while it is not known what the hub has of it", () => {
    // Hours later, but the sink has read the hub only up to a minute after the gateway's last event.
    expect(told(NOW + 60_000, mark("hall-3", NOW))).toEqual([]);
  });

  test("that was given up long ago wakes nobody, but one that comes back can be missed again", () => {
    expect(told(NOW, mark("hall-9", NOW - 8 * DAY_MS))).toEqual([]);
    expect(told(NOW, mark("hall-9", NOW))).toEqual([]);
    expect(told(NOW + 90_000, mark("hall-9", NOW))).toEqual(["hall-9 active"]);
  });

  test("whose alarm another desk has raised is not told of twice, and ends with its rule", () => {
    const kept = [{ key: JSON.stringify(["silent", "gateway silent", "hall-3"]), text: "true" }];
    const verdict = new Verdict();
    judge.load(kept, verdict);
    expect(verdict.isEmpty).toBe(true);
    expect(told(NOW + 90_000, mark("hall-3", NOW))).toEqual([]);
    const without = new GatewayJudge(new RuleSet([]), () => NOW);
    without.load(kept, verdict);
    expect(verdict.raised).toMatchObject([{ gateway: "hall-3", state: "cleared" }]);
  });
});
