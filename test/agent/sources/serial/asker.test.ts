import { beforeEach, expect, test } from "vitest";
import { Asker } from "#agent/sources/serial/asker.ts";
import { ManualClock } from "#test/support/manual-clock.ts";

let clock: ManualClock;
let sent: string[];
let unanswered: [question: string, tags: string[] | undefined][];

function asker(...questions: { send: string; every: number; expect?: string }[]): Asker {
  const created = new Asker({
    questions: questions.map(({ send, every, expect: expected }) => ({
      send,
      every,
      expect: expected,
      within: 200,
    })),
    clock,
    send: (bytes) => sent.push(Buffer.from(bytes).toString("latin1")),
    onUnanswered: (question, tags) => unanswered.push([question, tags && [...tags]]),
  });
  created.start();
  return created;
}

beforeEach(() => {
  clock = new ManualClock();
  sent = [];
  unanswered = [];
});

test("a question without an expected answer is sent in its rhythm, whatever comes", async () => {
  const asking = asker({ send: "P\r\n", every: 1000 });
  await clock.advance(3500);
  expect(sent).toEqual(["P\r\n", "P\r\n", "P\r\n"]);
  expect(asking.accepts("anything")).toBe(true);
  expect(unanswered).toEqual([]);
  asking.stop();
});

test("the next question waits for the answer of the one before", async () => {
  const asking = asker(
    { send: "W", every: 1000, expect: "^W" },
    { send: "T", every: 1000, expect: "^T" },
  );
  await clock.advance(1000);
  expect(sent).toEqual(["W"]);
  expect(asking.accepts("T 21")).toBe(false);
  expect(asking.accepts("W 12")).toBe(true);
  asking.answered(["weight"]);
  expect(sent).toEqual(["W", "T"]);
  expect(asking.accepts("T 21")).toBe(true);
  asking.answered(["temperature"]);
  await clock.advance(1000);
  expect(sent).toEqual(["W", "T", "W"]);
  asking.stop();
});

test("an answer that does not come costs the tags that its question gave before", async () => {
  const asking = asker({ send: "W", every: 1000, expect: "^W" }, { send: "T", every: 1000 });
  await clock.advance(1200);
  expect(unanswered).toEqual([["W", undefined]]);
  expect(sent).toEqual(["W", "T"]);
  await clock.advance(800);
  asking.answered(["weight"]);
  await clock.advance(1200);
  expect(unanswered).toEqual([
    ["W", undefined],
    ["W", ["weight"]],
  ]);
  asking.stop();
});

test("turns that come while another is waited for are not made up for", async () => {
  const asking = asker(
    { send: "slow", every: 1000, expect: "^never" },
    { send: "fast", every: 50, expect: "^F" },
  );
  await clock.advance(1000);
  expect(sent.filter((question) => question === "fast").length).toBeLessThan(6);
  expect(unanswered.length).toBeGreaterThan(2);
  asking.stop();
  const before = sent.length;
  await clock.advance(5000);
  expect(sent).toHaveLength(before);
});
