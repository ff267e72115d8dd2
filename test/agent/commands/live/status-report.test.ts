import { expect, test } from "vitest";
import { reportOf, type StatusAnswer } from "#agent/commands/live/status-report.ts";

const WELL: StatusAnswer = {
  program: "agent",
  gateway: "hall-3",
  epoch: "e",
  uptimeMs: 93_600_000,
  sources: [{ name: "packer", kind: "modbus-tcp", state: "running", counters: {} }],
  buffer: { state: "ok", segments: 3, bytes: 2048 },
  uplink: { state: "connected", events: 7 },
  readings: { bySource: { packer: 40, mqtt: 2 } },
  detectors: { off: 1, learning: 3, watching: 9, standing: 1, maintained: 1 },
  alarms: {
    active: 1,
    raised: 4,
    unacknowledged: 1,
    shelved: 0,
    suppressed: 0,
    waitingNotices: 0,
    store: { state: "ok", failures: 0, waiting: 0 },
  },
  cpuMs: 1,
  rssBytes: 90_000_000,
  problems: [],
};

test("an agent that is well is exit code 0, with its figures", () => {
  const { severity, headline, lines } = reportOf(WELL);
  expect(severity).toBe(0);
  expect(headline).toBe("OK: hall-3: 1 source, 1 active alarm");
  expect(lines).toEqual([
    "gateway   hall-3, up 1 d 2 h, 90 MB",
    "readings  42 stored",
    "buffer    3 segments, 2.0 KiB waiting",
    "uplink    connected, 7 events sent",
    "detectors 9 series watched, 3 learning, 2 at rest",
    "alarms    1 active, 4 raised",
    "source    packer (modbus-tcp): running",
  ]);
});

test.each([
  [
    { sources: [{ ...WELL.sources[0]!, state: "degraded", detail: "no answer" }] },
    "packer is degraded: no answer",
  ],
  [
    { uplink: { state: "failing", lastError: "ENOTFOUND" } },
    "the hub cannot be reached: ENOTFOUND",
  ],
  [{ buffer: { state: "full" } }, "the buffer is full"],
  [
    { alarms: { ...WELL.alarms, store: { state: "failing", failures: 3, waiting: 0 } } },
    "the alarms cannot be kept",
  ],
])("what somebody should look at is exit code 1: %j", (difference, concern) => {
  const { severity, headline, lines } = reportOf({ ...WELL, ...difference });
  expect(severity).toBe(1);
  expect(headline).toBe(`WARNING: hall-3: ${concern}`);
  expect(lines.at(-1)).toBe(`! ${concern}`);
});

test("an agent that cannot do its work is exit code 2", () => {
  const { severity, headline } = reportOf({
    ...WELL,
    uplink: { state: "failing" },
    problems: ["the buffer cannot be written"],
  });
  expect([severity, headline]).toEqual([2, "CRITICAL: hall-3: the buffer cannot be written"]);
});
