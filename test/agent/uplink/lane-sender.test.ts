import { describe, expect, onTestFinished, test } from "vitest";
import type { BufferReader, StoredChunk } from "#agent/buffer/contract.ts";
import { BacklogPace } from "#agent/uplink/backlog-pace.ts";
import { UplinkCounters } from "#agent/uplink/counters.ts";
import { UplinkHealth } from "#agent/uplink/health.ts";
import type { Sender, Shipment } from "#agent/uplink/hub-sender.ts";
import { LaneSender } from "#agent/uplink/lane-sender.ts";
import type { SendOutcome } from "#agent/uplink/send-failure.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import { RateLimitedLog, silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { ManualClock } from "#test/support/manual-clock.ts";

/** One lane of chunks in memory, of ten bytes each. */
class MemoryBuffer implements BufferReader {
  readonly gateway = "hall-3";
  readonly lanes = 1;
  readonly waiting: StoredChunk[] = [];
  readonly confirmed: number[] = [];
  readonly dismissed: { seq: number; reason: string }[] = [];

  constructor(count: number) {
    for (let seq = 0; seq < count; seq++) {
      const line = new Uint8Array(10);
      this.waiting.push({ segment: seq, epoch: "e", lane: 0, seq, readings: 1, line });
    }
  }

  take(_lane: number, _traffic: unknown, bytesMax: number): readonly StoredChunk[] {
    return this.waiting.splice(0, Math.max(1, Math.floor(bytesMax / 10)));
  }

  confirm(chunks: readonly StoredChunk[]): void {
    this.confirmed.push(...chunks.map(({ seq }) => seq));
  }

  giveBack(chunks: readonly StoredChunk[]): void {
    this.waiting.unshift(...chunks);
  }

  async dismiss(chunk: StoredChunk, reason: string): Promise<void> {
    this.dismissed.push({ seq: chunk.seq, reason });
  }

  owedFrom(): undefined {
    return undefined;
  }

  onReady(): void {}
}

const refused: SendOutcome = {
  kind: "failed",
  code: "UPLINK_REJECTED",
  reason: "DecodeError",
  isAboutEvent: true,
};
const busy: SendOutcome = {
  kind: "failed",
  code: "UPLINK_THROTTLED",
  reason: "ServerBusyError",
  isAboutEvent: false,
};

function run(count: number, answer: (seqs: number[]) => SendOutcome) {
  const clock = new ManualClock();
  const buffer = new MemoryBuffer(count);
  const sent: number[][] = [];
  const alarms: AlarmTransition[] = [];
  const sender: Sender = {
    send: async ({ chunks }: Shipment) => {
      const seqs = chunks.map(({ seq }) => seq);
      sent.push(seqs);
      return answer(seqs);
    },
  };
  const onAlarm = (transition: AlarmTransition): void => void alarms.push(transition);
  const health = new UplinkHealth({ clock, alarmAfterMs: 15_000, onAlarm });
  const stopping = new AbortController();
  const lane = new LaneSender({
    lane: 0,
    traffic: "live",
    lingerMs: 0,
    buffer,
    sender,
    pace: new BacklogPace({ bytesPerSecond: 1e6, share: 0.5, isFailing: () => false, clock }),
    counters: new UplinkCounters(),
    health,
    clock,
    random: createRandom(1),
    log: new RateLimitedLog(silentLogger, clock),
    signal: stopping.signal,
  });
  const running = lane.run();
  onTestFinished(async () => {
    stopping.abort();
    await running;
  });
  return { clock, buffer, sent, alarms, health };
}

describe("a lane's sender", () => {
  test("sets a chunk aside that alone was refused again and again while others passed", async () => {
    const { clock, buffer, alarms } = run(20, (seqs) =>
      seqs.includes(5) ? refused : { kind: "sent", bytes: 1 },
    );
    await clock.advance(600_000);
    expect(buffer.dismissed).toEqual([
      { seq: 5, reason: "refused 5 times while others passed: DecodeError" },
    ]);
    const others = Array.from({ length: 20 }, (_, seq) => seq).filter((seq) => seq !== 5);
    expect(buffer.confirmed.toSorted((a, b) => a - b)).toEqual(others);
    expect(alarms).toMatchObject([{ rule: "uplink-rejected", state: "active" }]);
  });

  test("accuses no chunk while the hub refuses everything, and loses nothing", async () => {
    let takes = false;
    const { clock, buffer, alarms } = run(8, () => (takes ? { kind: "sent", bytes: 1 } : refused));
    await clock.advance(3_600_000);
    expect(buffer.dismissed).toEqual([]);
    takes = true;
    await clock.advance(60_000);
    expect(buffer.confirmed.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(alarms).toEqual([]);
  });

  test("sets a chunk aside at once that alone is too large, and none that only was with others", async () => {
    const { clock, buffer } = run(8, (seqs) =>
      seqs.length > 2 || seqs.includes(3) ? { kind: "too-large" } : { kind: "sent", bytes: 1 },
    );
    await clock.advance(1000);
    expect(buffer.dismissed).toEqual([{ seq: 3, reason: "it is larger than the hub's limit" }]);
    expect(buffer.confirmed).toEqual([0, 1, 2, 4, 5, 6, 7]);
  });

  test("waits longer and longer while the hub is busy, and keeps the order", async () => {
    const times: number[] = [];
    const { clock, buffer } = run(3, () => {
      times.push(clock.monotonic());
      return times.length < 6 ? busy : { kind: "sent", bytes: 1 };
    });
    await clock.advance(60_000);
    expect(buffer.confirmed).toEqual([0, 1, 2]);
    const waits = times.slice(1).map((time, at) => time - times[at]!);
    // 1, 2, 4, 8 and 10 s, of which up to half is left to chance.
    for (const [at, mostMs] of [1000, 2000, 4000, 8000, 10_000].entries()) {
      expect(waits[at]).toBeLessThanOrEqual(mostMs);
      expect(waits[at]).toBeGreaterThanOrEqual(mostMs / 2);
    }
  });

  test("fails no longer when what it could not send has become backlog", async () => {
    const { clock, buffer, health } = run(3, () => busy);
    await clock.advance(5000);
    expect(health.error).toMatchObject({ code: "UPLINK_THROTTLED", lanes: 1 });
    buffer.waiting.length = 0;
    await clock.advance(60_000);
    expect(health.isFailing).toBe(false);
  });
});
