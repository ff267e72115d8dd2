import type { ReceivedEventData } from "@azure/event-hubs";
import { describe, expect, test } from "vitest";
import { noCounts } from "#cloud/ingest/counters.ts";
import type { CommitOutcome } from "#cloud/ingest/group-committer.ts";
import { JumpMemory } from "#cloud/ingest/jump-memory.ts";
import { type FeedOptions, PartitionFeed } from "#cloud/ingest/partition-feed.ts";
import type { PartitionBatch } from "#cloud/store/contract.ts";
import { scope } from "#test/contracts/store-fixtures.ts";

const committed: CommitOutcome = {
  kind: "committed",
  accepted: [],
  duplicateChunks: 0,
  deadLettered: 0,
  alarms: [],
};

function events(from: number, to: number, body = Buffer.from("x")): ReceivedEventData[] {
  return Array.from({ length: to - from }, (_, at) => ({
    body,
    sequenceNumber: from + at,
    offset: String(from + at),
    enqueuedTimeUtc: new Date(0),
    partitionKey: null,
    getRawAmqpMessage: () => {
      throw new Error("not of interest");
    },
  }));
}

function setUp(start?: number, jumps = new JumpMemory()) {
  const submitted: number[][] = [];
  const answers: ((outcome: CommitOutcome) => void)[] = [];
  const counters = noCounts();
  const options: FeedOptions = {
    scope,
    partition: "0",
    owner: "sink-1",
    counters,
    submit: async (batch: PartitionBatch) => {
      submitted.push(batch.deliveries.map(({ position }) => position.sequenceNumber));
      return new Promise((resolve) => answers.push(resolve));
    },
    isProvenJump: (from, to) => jumps.see("0", from, to),
    onOutcome: () => {},
  };
  const position =
    start === undefined ? undefined : { sequenceNumber: start, offset: String(start) };
  return { feed: new PartitionFeed(options, position), submitted, answers, counters, jumps };
}

describe("a partition's feed", () => {
  test("hands on what follows without a gap, and shows what is committed", async () => {
    const { feed, submitted, answers } = setUp(4);
    expect(await feed.take(events(5, 8))).toBeUndefined();
    expect(await feed.take(events(8, 9))).toBeUndefined();
    expect(submitted).toEqual([[5, 6, 7], [8]]);
    expect(feed.state()).toMatchObject({ id: "0", sequenceNumber: 4 });
    for (const answer of answers) answer(committed);
    await Promise.resolve();
    await Promise.resolve();
    expect(feed.state()).toMatchObject({ sequenceNumber: 8, offset: "8" });
  });

  test("hands on nothing behind a jump, and asks to be read again", async () => {
    const { feed, submitted, counters } = setUp(4);
    expect(await feed.take(events(7, 9))).toEqual({ kind: "jump", from: 5, to: 7 });
    expect(await feed.take(events(9, 10))).toMatchObject({ kind: "jump" });
    expect(submitted).toEqual([]);
    expect(counters).toMatchObject({ jumps: 1, provenJumps: 0 });
  });

  test("believes a jump that is there again on the second reading", async () => {
    const { jumps, feed } = setUp(4);
    await feed.take(events(7, 9));
    const again = setUp(4, jumps);
    expect(await again.feed.take(events(7, 9))).toBeUndefined();
    expect(again.submitted).toEqual([[7, 8]]);
    expect(again.counters).toMatchObject({ jumps: 0, provenJumps: 1 });
  });

  test("takes the first event for granted where no position is known", async () => {
    const { feed, submitted } = setUp();
    expect(await feed.take(events(1000, 1001))).toBeUndefined();
    expect(submitted).toEqual([[1000]]);
  });

  test("lets four batches wait for their commit, then holds up the handler", async () => {
    const { feed, answers } = setUp(-1);
    for (let at = 0; at < 3; at++) await feed.take(events(at, at + 1));
    let done = false;
    const fourth = feed.take(events(3, 4)).then(() => {
      done = true;
      return done;
    });
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    expect(done).toBe(false);
    answers[0]?.(committed);
    await fourth;
    expect(done).toBe(true);
  });

  test("unpacks no more of a backlog's large events than may wait for their commit", async () => {
    const { feed, submitted, answers } = setUp(-1);
    const body = Buffer.alloc(100 * 1024);
    const taken = feed.take(events(0, 11, body));
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    expect(submitted).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
    ]);
    for (let at = 0; at < 6; at++) {
      answers[at]?.(committed);
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    }
    expect(await taken).toBeUndefined();
    expect(submitted.slice(4)).toEqual([[8, 9], [10]]);
    expect(feed.state()).toMatchObject({ sequenceNumber: 10 });
  });

  test("gives the partition up once a batch was refused as another owner's", async () => {
    const { feed, answers, counters } = setUp(-1);
    await feed.take(events(0, 1));
    answers[0]?.({ kind: "fenced", owner: "sink-2" });
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    expect(await feed.take(events(1, 2))).toEqual({ kind: "fenced" });
    expect(counters.fenced).toBe(1);
    expect(feed.state().sequenceNumber).toBe(-1);
  });
});
