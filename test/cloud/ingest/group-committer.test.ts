import { describe, expect, test } from "vitest";
import { GroupCommitter } from "#cloud/ingest/group-committer.ts";
import type { AcceptOutcome, PartitionBatch } from "#cloud/store/contract.ts";
import { PenstockError } from "#core/errors.ts";
import { RateLimitedLog, silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { batch, poison } from "#test/contracts/store-fixtures.ts";
import { ManualClock } from "#test/support/manual-clock.ts";

const outcome: AcceptOutcome = {
  kind: "committed",
  accepted: [],
  duplicateChunks: 0,
  deadLettered: 0,
  alarms: [],
};

type Accept = (batches: readonly PartitionBatch[]) => Promise<readonly AcceptOutcome[]>;

function setUp(accept: Accept) {
  const clock = new ManualClock();
  const groups: string[][] = [];
  const fatal: unknown[] = [];
  const store = {
    accept: async (batches: readonly PartitionBatch[]) => {
      groups.push(batches.map(({ partition }) => partition));
      return accept(batches);
    },
  };
  const committer = new GroupCommitter({
    store,
    clock,
    random: createRandom(1),
    log: new RateLimitedLog(silentLogger, clock),
    onFatal: (error) => fatal.push(error),
  });
  const submit = async (partition: string, bytes = 1) =>
    committer.submit(batch([poison(0, Buffer.alloc(bytes))], { partition }));
  return { clock, groups, fatal, committer, submit };
}

const takeAll: Accept = async (batches) => batches.map(() => outcome);

describe("group commit", () => {
  test("commits the first at once, and what comes meanwhile together", async () => {
    const { clock, groups, submit } = setUp(takeAll);
    const all = Promise.all([submit("0"), submit("1"), submit("2")]);
    await clock.advance(100);
    expect(await all).toEqual([outcome, outcome, outcome]);
    expect(groups).toEqual([["0"], ["1", "2"]]);
  });

  test("begins a new group where one would hold up the event loop", async () => {
    const { clock, groups, submit } = setUp(takeAll);
    const half = 150 * 1024;
    const all = Promise.all([submit("0"), submit("1", half), submit("2", half), submit("3")]);
    await clock.advance(100);
    await all;
    expect(groups).toEqual([["0"], ["1"], ["2", "3"]]);
  });

  test("tries a failed transaction again until it succeeds, in the old order", async () => {
    let failures = 3;
    const { clock, groups, committer, submit } = setUp(async (batches) => {
      if (failures-- > 0) throw new PenstockError("STORE_FAILED", "disk full");
      return takeAll(batches);
    });
    const all = Promise.all([submit("0"), submit("1")]);
    await clock.advance(60_000);
    expect(await all).toEqual([outcome, outcome]);
    expect(groups).toEqual([["0"], ["0"], ["0"], ["0"], ["1"]]);
    expect(committer.retries).toBe(3);
  });

  test("when told to stop, ends the running transaction and gives up the rest", async () => {
    const gate = Promise.withResolvers<void>();
    const { clock, committer, submit } = setUp(async (batches) => {
      await gate.promise;
      return takeAll(batches);
    });
    const running = submit("0");
    const waiting = submit("1");
    await clock.advance(1);
    const stopped = committer.stop();
    gate.resolve();
    await stopped;
    expect(await running).toEqual(outcome);
    expect(await waiting).toEqual({ kind: "stopped" });
    expect(await submit("2")).toEqual({ kind: "stopped" });
  });

  test("takes what is no operating error for fatal", async () => {
    const bug = new TypeError("a bug");
    const { clock, fatal, submit } = setUp(async () => {
      throw bug;
    });
    void submit("0");
    await clock.advance(1);
    expect(fatal).toEqual([bug]);
  });
});
