import { symlink, unlink } from "node:fs/promises";
import { join } from "node:path";
import { SerialPort } from "serialport";
import { expect, test } from "vitest";
import { ManualClock } from "#test/support/manual-clock.ts";
import { Pty } from "#test/support/pty.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { startLine } from "./start-line.ts";

test("reads a device's lines from a real port", async () => {
  const pty = new Pty();
  const { line, intake } = await startLine(pty.path, { tags: { weight: { unit: "kg" } } });
  try {
    await until(() => line.status().state === "running");
    pty.send("  12.50 kg\r\n 13.");
    pty.send("25 kg\r\n");
    await until(() => intake.readings().length === 2);
    expect(intake.readings().map(({ value }) => value)).toEqual([12.5, 13.25]);
    expect(intake.descriptions.get("scale-1/weight")).toEqual({ source: "scale", unit: "kg" });
  } finally {
    await line.stop();
    pty.unplug();
  }
});

test("starts without its port, says so, and reads once it is plugged in", async () => {
  const folder = await tempFolder();
  const byId = join(folder, "usb-scale");
  const { line, intake } = await startLine(byId);
  const pty = new Pty();
  try {
    await until(() => line.status().state === "degraded");
    expect(line.status().detail).toBe(
      `cannot open ${byId}: there is no such device: is it plugged in?`,
    );
    await symlink(pty.path, byId);
    await until(() => line.status().state === "running");
    pty.send("1 kg\r\n");
    await until(() => intake.readings().length === 1);
  } finally {
    await line.stop();
    pty.unplug();
  }
});

test("follows a device that comes back under another name", async () => {
  const folder = await tempFolder();
  const byId = join(folder, "usb-scale");
  const [before, after] = [new Pty(), new Pty()];
  await symlink(before.path, byId);
  const { line, intake } = await startLine(byId);
  try {
    await until(() => line.status().state === "running");
    before.send("1 kg\r\n 2");
    await until(() => intake.readings().length === 1);
    before.unplug();
    await unlink(byId);
    await symlink(after.path, byId);
    await until(() => line.status().counters["opens"] === 2);
    after.send("3 kg\r\n");
    await until(() => intake.readings().length === 2);
    // The half line from before the unplugging is not glued to the first one after it.
    expect(intake.readings().map(({ value }) => value)).toEqual([1, 3]);
    expect(line.status().counters["disconnects"]).toBe(1);
  } finally {
    await line.stop();
    after.unplug();
  }
});

test("names the program that holds its port, and does not touch the port", async () => {
  const pty = new Pty();
  const other = new SerialPort({ path: pty.path, baudRate: 19_200, autoOpen: false });
  await new Promise<void>((resolve) => other.open(() => resolve()));
  const { line, intake } = await startLine(pty.path, { bus: { baud: 1200 } });
  try {
    await until(() => line.status().state === "degraded");
    expect(line.status().detail).toMatch(
      new RegExp(`it is held by another program: .+ \\(process ${process.pid}\\)`),
    );
    await new Promise<void>((resolve) => other.close(() => resolve()));
    await until(() => line.status().state === "running");
    pty.send("4 kg\r\n");
    await until(() => intake.readings().length === 1);
  } finally {
    await line.stop();
    pty.unplug();
  }
});

test("a line that does not match is counted, and shown with its bytes", async () => {
  const pty = new Pty();
  const { line, intake } = await startLine(pty.path);
  try {
    await until(() => line.status().state === "running");
    pty.send("OVERLOAD\r\n");
    await until(() => line.status().counters["lines_unmatched"] === 1);
    expect(line.status()).toMatchObject({
      state: "degraded",
      detail: 'a line does not match the pattern: "OVERLOAD" (4f 56 45 52 4c 4f 41 44)',
    });
    expect(intake.readings()).toEqual([]);
    pty.send("12,5 kg\r\n5 kg\r\n");
    await until(() => intake.readings().length === 2);
    expect(intake.readings().map(({ value }) => value)).toEqual([5, 5]);
  } finally {
    await line.stop();
    pty.unplug();
  }
});

test("a truncated or over-long line costs itself only", async () => {
  const pty = new Pty();
  const { line, intake } = await startLine(pty.path, { bus: { frame: { maxLength: "16B" } } });
  try {
    await until(() => line.status().state === "running");
    pty.send(`9 k\r\n${"8".repeat(100)} kg\r\n3 kg\r\n`);
    await until(() => intake.readings().length === 1);
    expect(intake.readings()[0]).toMatchObject({ value: 3, quality: "good" });
    expect(line.status().counters).toMatchObject({ lines_unmatched: 1, lines_too_long: 1 });
  } finally {
    await line.stop();
    pty.unplug();
  }
});

test("what a pattern finds and is no number that can be kept is bad, and never guessed", async () => {
  const pty = new Pty();
  const { line, intake } = await startLine(pty.path, { bus: { match: "(?<weight>\\S+) kg" } });
  try {
    await until(() => line.status().state === "running");
    pty.send("12,5 kg\r\n+9007199254740993 kg\r\n");
    await until(() => intake.readings().length === 2);
    expect(intake.readings()).toMatchObject([
      { value: null, quality: "bad", reason: "not a number" },
      { value: null, quality: "bad", reason: "beyond 2^53" },
    ]);
  } finally {
    await line.stop();
    pty.unplug();
  }
});

test("a silent line is bad once a silence time, with or without its port", async () => {
  const clock = new ManualClock();
  const { line, intake } = await startLine("/dev/penstock-no-such-port", {
    bus: { silence: "30s" },
    clock,
  });
  await clock.advance(100_000);
  expect(intake.readings()).toHaveLength(3);
  expect(intake.readings().every((r) => r.value === null && r.reason === "timeout")).toBe(true);
  expect(line.status().counters["open_failures"]).toBeGreaterThan(15);
  await line.stop();
});

test.each([
  ["start and end", { frame: { start: "\x02", end: "\x03" } }, "..\x0212.5 kg\x03."],
  ["a length", { frame: { start: "W", length: 8 } }, "..W12.5 kg"],
  ["an idle line", { frame: { idle: "30ms" } }, "12.5 kg"],
  ["columns", { format: "csv", columns: ["_", "weight"] }, "ST,12.5\r\n"],
  ["name=value", { format: "key-value" }, "weight=12.5 tare=0\r\n"],
  ["NMEA", { format: "nmea", columns: ["weight"] }, "$XXWGT,12.5*70\r\n"],
])("reads frames by %s from a real port", async (_what, bus, bytes) => {
  const pty = new Pty();
  const { line, intake } = await startLine(pty.path, { bus, tags: { weight: {} } });
  try {
    await until(() => line.status().state === "running");
    pty.send(Buffer.from(bytes, "latin1"));
    await until(() => intake.readings().length === 1);
    expect(intake.readings()[0]).toMatchObject({ tag: "weight", value: 12.5, quality: "good" });
  } finally {
    await line.stop();
    pty.unplug();
  }
});

test("asks a device that speaks only when it is asked", async () => {
  const pty = new Pty();
  pty.onData((question) => {
    if (question.toString() === "P\r\n") pty.send("8 kg\r\n");
  });
  const { line, intake } = await startLine(pty.path, {
    bus: { ask: { send: "P\r\n", every: "20ms" } },
  });
  try {
    await until(() => intake.readings().length > 3);
    expect(intake.latest("scale-1")).toEqual({ weight: 8 });
  } finally {
    await line.stop();
    pty.unplug();
  }
});

test("a text is a text where the file says so, and what looks like none is a number", async () => {
  const pty = new Pty();
  const match = "(?<state>ST|US) (?<weight>[-.0-9]+)";
  const tags = { state: { type: "string" } };
  const { line, intake } = await startLine(pty.path, { bus: { match }, tags });
  try {
    await until(() => line.status().state === "running");
    pty.send("ST 61\r\n");
    await until(() => intake.readings().length === 2);
    expect(intake.readings()).toMatchObject([
      { tag: "state", value: "ST", quality: "good" },
      { tag: "weight", value: 61, quality: "good" },
    ]);
  } finally {
    await line.stop();
    pty.unplug();
  }
});

test("a line whose settings name no tags says so", async () => {
  const pty = new Pty();
  const { line } = await startLine(pty.path, { bus: { format: "csv" } });
  try {
    expect(line.status().detail).toBe("nothing is read: the settings name no tags");
  } finally {
    await line.stop();
    pty.unplug();
  }
});

test("an answer that was not expected is shown, and a missing one is bad at once", async () => {
  const pty = new Pty();
  let answer: string | undefined = "1.5 kg\r\n";
  pty.onData(() => {
    if (answer !== undefined) pty.send(answer);
  });
  const ask = { send: "P\r\n", every: "40ms", expect: "kg$", within: "30ms" };
  const { line, intake } = await startLine(pty.path, { bus: { ask, silence: "1h" } });
  try {
    await until(() => intake.readings().some(({ value }) => value === 1.5));
    answer = "ERR 7\r\n";
    await until(() => line.status().detail?.includes("is not the answer") ?? false);
    expect(line.status().detail).toBe(
      'a line is not the answer that was expected: "ERR 7" (45 52 52 20 37)',
    );
    answer = undefined;
    intake.batches.length = 0;
    await until(() => intake.readings().length > 2);
    expect(intake.readings().at(-1)).toMatchObject({ value: null, reason: "timeout" });
    expect(line.status().counters["questions_unanswered"]).toBeGreaterThan(2);
    answer = "2 kg\r\n";
    await until(() => intake.readings().at(-1)?.value === 2);
    expect(line.status().state).toBe("running");
  } finally {
    await line.stop();
    pty.unplug();
  }
});

test("bytes of which no frame comes are shown: the speed, or the delimiter, is wrong", async () => {
  const pty = new Pty();
  const clock = new ManualClock();
  const { line } = await startLine(pty.path, { clock, bus: { silence: "30s" } });
  try {
    await until(() => line.status().state === "running");
    pty.send(Buffer.from([0xfe, 0x80, 0xf8, 0x41]));
    await until(() => line.status().counters["bytes"] === 4);
    await clock.advance(30_000);
    expect(line.status().detail).toBe(
      'bytes came, and no frame: "...A" (fe 80 f8 41): check baud, parity and frame',
    );
  } finally {
    await line.stop();
    pty.unplug();
  }
});
