import { describe, expect, test } from "vitest";
import { UplinkHealth } from "#agent/uplink/health.ts";
import type { SendFailure } from "#agent/uplink/send-failure.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { ErrorCode } from "#core/errors.ts";
import { ManualClock } from "#test/support/manual-clock.ts";

function failure(code: ErrorCode): SendFailure {
  return { kind: "failed", code, reason: "what the hub says", isAboutEvent: false };
}

function newHealth(): { health: UplinkHealth; clock: ManualClock; alarms: AlarmTransition[] } {
  const clock = new ManualClock();
  const alarms: AlarmTransition[] = [];
  const onAlarm = (transition: AlarmTransition): void => void alarms.push(transition);
  return { health: new UplinkHealth({ clock, alarmAfterMs: 15_000, onAlarm }), clock, alarms };
}

describe("the uplink's health", () => {
  test("calls somebody once for what lasts, and takes it back when it is over", async () => {
    const { health, clock, alarms } = newHealth();
    for (let second = 0; second < 60; second++) {
      health.failed(0, "live", failure("UPLINK_QUOTA_EXCEEDED"));
      health.failed(1, "live", failure("UPLINK_QUOTA_EXCEEDED"));
      await clock.advance(1000);
      expect(alarms.length).toBe(second < 15 ? 0 : 1);
    }
    expect(alarms[0]).toMatchObject({ rule: "uplink-quota-exceeded", state: "active" });
    health.sent(0, "live");
    expect(alarms).toHaveLength(1);
    health.sent(1, "live");
    expect(alarms[1]).toMatchObject({ rule: "uplink-quota-exceeded", state: "cleared" });
    expect(alarms[1]!.id).not.toBe(alarms[0]!.id);
  });

  test("calls nobody for what passes by itself, nor for a token that was late once", async () => {
    const { health, clock, alarms } = newHealth();
    for (let second = 0; second < 120; second++) {
      health.failed(0, "live", failure("UPLINK_UNREACHABLE"));
      health.failed(1, "live", failure(second % 2 ? "UPLINK_UNAUTHORIZED" : "UPLINK_TIMEOUT"));
      await clock.advance(1000);
    }
    expect(alarms).toEqual([]);
  });

  test("tells the reason that most lanes have, since when, until all of them can send", async () => {
    const { health, clock } = newHealth();
    const since = clock.now();
    for (const lane of [0, 1]) health.failed(lane, "live", failure("UPLINK_THROTTLED"));
    await clock.advance(5000);
    health.failed(0, "live", failure("UPLINK_THROTTLED"));
    health.failed(2, "backlog", failure("UPLINK_TIMEOUT"));
    expect(health.error).toEqual({
      code: "UPLINK_THROTTLED",
      reason: "what the hub says",
      since,
      lanes: 2,
    });
    for (const lane of [0, 1]) health.sent(lane, "live");
    expect(health.error).toMatchObject({ code: "UPLINK_TIMEOUT", lanes: 1 });
    health.sent(2, "backlog");
    expect(health.error).toBeUndefined();
    expect(health.isFailing).toBe(false);
  });
});
