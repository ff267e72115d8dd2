import { describe, expect, test } from "vitest";
import type { StoredChunk, TrafficClass } from "#agent/buffer/contract.ts";
import { ForwardQueue, type LoadedSegmentInfo } from "#agent/buffer/forward-queue.ts";
import { fc } from "#test/support/properties.ts";

const LANES = 3;
const LIVE_MS = 1000;
const CLASSES: readonly TrafficClass[] = ["live", "backlog"];

/** A queue with a disk under it, as the buffer has. */
class Plant {
  readonly disk = new Map<number, readonly number[]>();
  readonly sent: StoredChunk[][] = [];
  readonly settled = new Map<string, number>();
  nowMs = 0;
  next = 0;
  end = 0;
  written = 0;
  readonly #nextSeq = Array.from({ length: LANES }, () => 0);
  readonly #seqs = new Map<number, number[]>();
  readonly queue = new ForwardQueue({
    lanes: LANES,
    hasUnread: () => this.next < this.end,
    liveBytesMax: 6,
    liveMs: LIVE_MS,
    backlogBytesMax: 4,
  });

  write(lanes: readonly number[]): void {
    const number = this.written++;
    this.disk.set(number, lanes);
    this.#seqs.set(
      number,
      lanes.map((lane) => {
        const seq = this.#nextSeq[lane]!;
        this.#nextSeq[lane] = seq + 1;
        return seq;
      }),
    );
    this.queue.offer(this.#segment(number), this.nowMs);
    this.putOffLate();
  }

  putOffLate(): void {
    if (this.next >= this.end) this.next = Math.max(this.next, this.#liveFrom());
    if (this.queue.putOffLate(this.nowMs)) this.end = Math.max(this.end, this.#liveFrom());
  }

  load(): void {
    while (this.next < this.end && this.queue.hasRoom) {
      if (this.disk.has(this.next)) this.queue.load(this.#segment(this.next));
      this.next += 1;
    }
    if (this.next >= this.end) this.queue.caughtUp();
  }

  take(lane: number, traffic: TrafficClass, bytesMax: number): StoredChunk[] {
    const chunks = this.queue.take(lane, traffic, bytesMax);
    if (chunks.length > 0) this.sent.push(chunks);
    return chunks;
  }

  confirm(at: number): void {
    const [chunks = []] = this.sent.splice(at % Math.max(1, this.sent.length), 1);
    for (const { lane, seq } of chunks) {
      const name = `${lane} ${seq}`;
      this.settled.set(name, (this.settled.get(name) ?? 0) + 1);
    }
    // Its deletion is late: a segment that is done may be read once more.
    for (const { number } of this.queue.settle(chunks)) this.done.push(number);
  }

  giveBack(at: number): void {
    const [chunks = []] = this.sent.splice(at % Math.max(1, this.sent.length), 1);
    this.queue.giveBack(chunks);
  }

  readonly done: number[] = [];

  get total(): number {
    return this.#nextSeq.reduce((sum, seq) => sum + seq, 0);
  }

  #liveFrom(): number {
    return this.queue.oldestLive ?? this.written;
  }

  #segment(number: number): LoadedSegmentInfo {
    const lanes = this.disk.get(number) ?? [];
    const chunks = lanes.map(
      (lane, at): StoredChunk => ({
        segment: number,
        epoch: "e",
        lane,
        seq: this.#seqs.get(number)![at]!,
        readings: 1,
        line: Uint8Array.of(1),
      }),
    );
    return { number, committedAtMs: 0, bytes: 1, chunks };
  }
}

const step = fc.oneof(
  fc.record({
    kind: fc.constant("write" as const),
    lanes: fc.uniqueArray(fc.nat(LANES - 1), { minLength: 1 }),
  }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(700) }),
  fc.record({
    kind: fc.constant("take" as const),
    lane: fc.nat(LANES - 1),
    traffic: fc.constantFrom(...CLASSES),
    bytes: fc.nat(4),
  }),
  fc.record({ kind: fc.constantFrom("confirm" as const, "giveBack" as const), at: fc.nat(5) }),
  fc.record({ kind: fc.constant("load" as const) }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function apply(plant: Plant, one: Step): void {
  switch (one.kind) {
    case "write":
      return plant.write(one.lanes);
    case "wait":
      plant.nowMs += one.ms;
      return;
    case "take":
      plant.putOffLate();
      // One unconfirmed batch a lane and class.
      if (plant.sent.some(([first]) => first?.lane === one.lane)) return;
      plant.take(one.lane, one.traffic, one.bytes);
      return;
    case "confirm":
      return plant.confirm(one.at);
    case "giveBack":
      return plant.giveBack(one.at);
    case "load":
      return plant.load();
  }
}

describe("the forward queue", () => {
  test("gives every chunk until it is settled, and each segment up once, in any order of events", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
        const plant = new Plant();
        for (const one of steps) apply(plant, one);
        while (plant.sent.length > 0) plant.giveBack(0);
        for (let round = 0; plant.done.length < plant.written && round < 500; round++) {
          plant.load();
          for (const traffic of CLASSES) {
            const lasts = Array.from({ length: LANES }, () => -1);
            for (let lane = 0; lane < LANES; lane++) {
              for (const { seq } of plant.take(lane, traffic, 2)) {
                expect(seq).toBeGreaterThan(lasts[lane]!);
                lasts[lane] = seq;
              }
            }
          }
          while (plant.sent.length > 0) plant.confirm(0);
        }
        expect(plant.settled.size).toBe(plant.total);
        expect(new Set(plant.settled.values())).toEqual(new Set(plant.total > 0 ? [1] : []));
        expect(plant.done.toSorted((a, b) => a - b)).toEqual([...plant.disk.keys()]);
      }),
      { numRuns: 500 },
    );
  });

  test("tells the lowest seq that is still to come as backlog, and nothing without one", () => {
    const plant = new Plant();
    for (let i = 0; i < 3; i++) plant.write([0]);
    expect(plant.queue.owedFrom(0, "e")).toBeUndefined();
    const live = plant.take(0, "live", 1);
    plant.nowMs = LIVE_MS + 1;
    plant.write([0, 1]);
    expect(live.map(({ seq }) => seq)).toEqual([0]);
    // Not read yet: all that is known is that something comes.
    expect(plant.queue.owedFrom(0, "e")).toBe(0);
    plant.confirm(0);
    plant.load();
    expect(plant.queue.owedFrom(0, "e")).toBe(1);
    expect(plant.queue.owedFrom(0, "of an older buffer")).toBe(0);
    expect(plant.queue.owedFrom(1, "e")).toBeUndefined();
    plant.take(0, "backlog", 1);
    expect(plant.queue.owedFrom(0, "e")).toBe(1);
    plant.confirm(0);
    expect(plant.queue.owedFrom(0, "e")).toBe(2);
    plant.take(0, "backlog", 1);
    plant.confirm(0);
    expect(plant.queue.owedFrom(0, "e")).toBeUndefined();
    expect(plant.take(0, "live", 9).map(({ seq }) => seq)).toEqual([3]);
  });

  test("evicts the backlog first, and live segments only when nothing older waits on the disk", () => {
    const plant = new Plant();
    for (let i = 0; i < 12; i++) plant.write([0]);
    // Six live, six put off, of which four are loaded.
    plant.load();
    const first = plant.queue.evict(() => true);
    expect(first.map(({ number }) => number)).toEqual([0, 1, 2, 3]);
    expect(first.flatMap(({ chunks }) => chunks.map(({ seq }) => seq))).toEqual([0, 1, 2, 3]);
    plant.load();
    const rest = plant.queue.evict(({ number }) => number < 8);
    expect(rest.map(({ number }) => number)).toEqual([4, 5, 6, 7]);
    expect(plant.take(0, "live", 9).map(({ seq }) => seq)).toEqual([8, 9, 10, 11]);
  });
});
