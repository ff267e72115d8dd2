import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { MessageReceiver } from "#agent/sources/mqtt/message-receiver.ts";
import { PenstockError } from "#core/errors.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { MemoryIntake } from "#test/support/memory-intake.ts";

const MESSAGE = Buffer.from('{"ts":1763707200000,"speed":1.5,"load":2}');

interface Line {
  msg: string;
  heldBack: number;
  sample?: string;
}

function createReceiver(): {
  receiver: MessageReceiver;
  intake: MemoryIntake;
  clock: ManualClock;
  lines: Line[];
} {
  const intake = new MemoryIntake();
  const clock = new ManualClock();
  const lines: Line[] = [];
  const log = pino({ base: null }, { write: (text: string) => lines.push(JSON.parse(text)) });
  const topics = [{ topic: "plant/{device}" }];
  return {
    receiver: new MessageReceiver({ source: "mqtt", topics, intake, clock, log }),
    intake,
    clock,
    lines,
  };
}

describe("a received message", () => {
  test("has one fingerprint for client, topic and payload, and no other has it", async () => {
    const { receiver, intake } = createReceiver();
    const other = Buffer.from('{"ts":1763707200000,"speed":1.5,"load":3}');
    await receiver.receive("c1", "plant/d1", MESSAGE);
    await receiver.receive("c1", "plant/d1", Buffer.from(MESSAGE));
    await receiver.receive("c2", "plant/d1", MESSAGE);
    await receiver.receive("c1", "plant/d2", MESSAGE);
    await receiver.receive("c1", "plant/d1", other);
    const prints = intake.batches.map(({ fingerprint }) =>
      Buffer.from(fingerprint!).toString("hex"),
    );
    expect(prints[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(prints[1]).toBe(prints[0]);
    expect(new Set(prints).size).toBe(4);
  });

  test("has no fingerprint without a time of its own: a copy may be news", async () => {
    const { receiver, intake } = createReceiver();
    await receiver.receive("c1", "plant/d1", Buffer.from('{"speed":1.5}'));
    await receiver.receive("c1", "plant/d1", Buffer.from('{"ts":"noon","speed":1.5}'));
    expect(intake.batches.map(({ fingerprint }) => fingerprint)).toEqual([undefined, undefined]);
  });

  test("is one line in the log however often it is malformed, with a short sample", async () => {
    const { receiver, clock, lines } = createReceiver();
    for (let i = 0; i < 1000; i++) {
      expect(receiver.receive("c1", "plant/d1", Buffer.from(`{"a":${"9,".repeat(500)}`))).toBe(
        undefined,
      );
    }
    expect(lines).toHaveLength(1);
    expect(lines[0]?.sample).toHaveLength(80);
    await clock.advance(10_000);
    void receiver.receive("c1", "plant/d1", Buffer.from("{"));
    expect(lines[1]).toMatchObject({ msg: "cannot read a payload", heldBack: 999 });
    expect(receiver.counters["malformed"]).toBe(1001);
  });

  test("keeps its other readings when the gateway has no room for one more series", async () => {
    const { receiver, intake } = createReceiver();
    const resolve = intake.resolve.bind(intake);
    intake.resolve = (device, tag, facts) => {
      if (tag === "load") throw new PenstockError("SERIES_LIMIT", "no room");
      return resolve(device, tag, facts);
    };
    await receiver.receive("c1", "plant/d1", MESSAGE);
    expect(intake.latest("d1")).toEqual({ speed: 1.5 });
    expect(receiver.counters["series_refused"]).toBe(1);
  });

  test("keeps its other readings when a tag has no proper name", async () => {
    const { receiver, intake } = createReceiver();
    const payload = { a: 1, "": 2, "x\u0000": 3, ["n".repeat(129)]: 4, "<b>'; --": 5, größe: 6 };
    await receiver.receive("c1", "plant/d1", Buffer.from(JSON.stringify(payload)));
    expect(intake.latest("d1")).toEqual({ a: 1, "<b>'; --": 5, größe: 6 });
    expect(receiver.counters["names_refused"]).toBe(3);
  });

  test("takes no reading under the names of the gateway's own alarms", async () => {
    const { receiver, intake } = createReceiver();
    await receiver.receive("c1", "plant/(gateway)", MESSAGE);
    await receiver.receive("c1", "plant/d1", Buffer.from('{"a":1,"(device)":2,"(group)":3}'));
    expect(intake.latest("(gateway)")).toEqual({});
    expect(intake.latest("d1")).toEqual({ a: 1 });
    expect(receiver.counters["names_refused"]).toBe(4);
  });

  test("does not count as stored what the intake had before, or dropped", async () => {
    const { receiver, intake } = createReceiver();
    for (const outcome of ["stored", "duplicate", "dropped"] as const) {
      intake.refuse = async () => outcome;
      await receiver.receive("c1", "plant/d1", MESSAGE);
    }
    expect(receiver.counters).toMatchObject({
      messages: 3,
      readings: 2,
      duplicates: 1,
      dropped: 2,
    });
  });
});

describe("a message that its broker kept", () => {
  const STATE = Buffer.from('{"running":true}');

  test("is uncertain where it does not say when it was measured", async () => {
    const { receiver, intake } = createReceiver();
    await receiver.receive("plant", "plant/d1", STATE, true);
    await receiver.receive("plant", "plant/d2", MESSAGE, true);
    expect(intake.readings("d1")).toMatchObject([{ quality: "uncertain", reason: "retained" }]);
    expect(intake.readings("d2").map(({ quality }) => quality)).toEqual(["good", "good"]);
  });

  test("is no news when it comes again, and is when it has changed", async () => {
    const { receiver, intake } = createReceiver();
    await receiver.receive("plant", "plant/d1", STATE, true);
    expect(receiver.receive("plant", "plant/d1", STATE, true)).toBeUndefined();
    expect(receiver.counters["retained_repeats"]).toBe(1);
    await receiver.receive("plant", "plant/d1", Buffer.from('{"running":false}'), true);
    expect(intake.readings("d1").map(({ value }) => value)).toEqual([true, false]);
  });

  test("is no news where it was heard when it was published", async () => {
    const { receiver, intake } = createReceiver();
    const stopped = Buffer.from('{"running":false}');
    await receiver.receive("plant", "plant/d1", STATE, true);
    await receiver.receive("plant", "plant/d1", stopped);
    expect(receiver.receive("plant", "plant/d1", stopped, true)).toBeUndefined();
    expect(intake.readings("d1").map(({ quality }) => quality)).toEqual(["uncertain", "good"]);
  });

  test("is taken when it comes again after it could not be stored", async () => {
    const { receiver, intake } = createReceiver();
    intake.refuse = () => Promise.reject(new PenstockError("BUFFER_FULL", "full"));
    await expect(receiver.receive("plant", "plant/d1", STATE, true)).rejects.toThrow("full");
    intake.refuse = undefined;
    await receiver.receive("plant", "plant/d1", STATE, true);
    expect(intake.readings("d1")).toHaveLength(1);
  });
});
