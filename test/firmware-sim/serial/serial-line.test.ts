import { SerialPort } from "serialport";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { Pty } from "#sim/serial/pty.ts";
import { formatWeight } from "#sim/serial/scale-line.ts";
import { SCALE_DEVICE, SerialLine } from "#sim/serial/serial-line.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { CountingLedger } from "../support/counting-ledger.ts";
import { until } from "../support/until.ts";

const LINE = /^[+-]\d{4}\.\d{3} kg\r\n$/;

test("a weight is printed with its sign and three decimals", () => {
  expect(formatWeight(12.345)).toBe("+0012.345 kg\r\n");
  expect(formatWeight(-0.0021)).toBe("-0000.002 kg\r\n");
  expect(formatWeight(0)).toMatch(LINE);
});

const probe = await Pty.open();
const hasPty = probe instanceof Pty;
if (probe instanceof Pty) await probe.close();

describe.skipIf(!hasPty)("a serial line that misbehaves", () => {
  let clock: ManualClock;
  let ledger: CountingLedger;
  let line: SerialLine;
  let port: SerialPort | undefined;
  let bytes: Buffer;

  async function open(path: string | undefined): Promise<void> {
    const opened = new SerialPort({ path: path ?? "", baudRate: 9600 });
    port = opened;
    bytes = Buffer.alloc(0);
    opened.on("data", (more: Buffer) => {
      bytes = Buffer.concat([bytes, more]);
    });
    opened.on("error", () => {});
    await until(() => opened.isOpen, "the port to open");
  }

  async function seconds(count: number): Promise<void> {
    for (let second = 0; second < count; second++) {
      await clock.advance(1000);
      line.tick(clock.monotonic());
      // Bytes need real time to travel; without any, that nothing came would prove nothing.
      await systemClock.sleep(10, { name: "bytes on the line" });
    }
  }

  beforeEach(async () => {
    clock = new ManualClock();
    ledger = new CountingLedger();
    line = new SerialLine({ ledger, clock, random: createRandom(1), log: silentLogger });
    await open(await line.start());
  });

  afterEach(async () => {
    const opened = port;
    if (opened?.isOpen) await new Promise((resolve) => opened.close(resolve));
    await line.stop();
  });

  test("is silent, and prints again when healed", async () => {
    await line.setFault("silent");
    await seconds(3);
    expect(bytes).toHaveLength(0);
    expect(ledger.servedReadings.size).toBe(0);
    await line.setFault(undefined);
    await seconds(1);
    await until(() => LINE.test(bytes.toString()), "the first line after the silence");
  });

  test("sends bytes without a line's end", async () => {
    await line.setFault("garbage");
    await seconds(3);
    await until(() => bytes.length > 20, "garbage");
    expect(bytes.includes("\n")).toBe(false);
    expect(ledger.servedReadings.size).toBe(0);
  });

  test("sends half lines", async () => {
    await line.setFault("truncated");
    await seconds(2);
    await until(() => /^([+-]\d{4}\.\d){2}$/.test(bytes.toString()), "two half lines");
    expect(ledger.servedReadings.size).toBe(0);
  });

  test("is unplugged, and comes back as a device that can be opened", async () => {
    await line.setFault("unplugged");
    await seconds(1);
    expect(line.stats()).toMatchObject({ path: undefined, lines: 0 });
    const path = await line.setFault(undefined);
    await open(path);
    await seconds(1);
    await until(() => LINE.test(bytes.toString()), "a line on the new port");
  });
});

describe.skipIf(!hasPty)("a scale on a pseudo terminal", () => {
  let stop: (() => Promise<void>) | undefined;
  afterEach(async () => await stop?.());

  test("is read by serialport, line for line", async () => {
    const clock = new ManualClock();
    const ledger = new CountingLedger();
    const line = new SerialLine({ ledger, clock, random: createRandom(1), log: silentLogger });
    const path = await line.start();
    const port = new SerialPort({ path: path ?? "", baudRate: 9600 });
    stop = async () => {
      await new Promise((resolve) => port.close(resolve));
      await line.stop();
    };
    let text = "";
    port.on("data", (bytes: Buffer) => {
      text += bytes.toString("latin1");
    });
    await until(() => port.isOpen, "the port to open");
    for (let second = 0; second < 5; second++) {
      line.tick(clock.monotonic());
      await until(() => text.split("\n").length === second + 2, "the line");
      await clock.advance(1000);
    }
    const lines = text.split(/(?<=\n)/);
    expect(lines).toHaveLength(5);
    expect(lines.every((printed) => LINE.test(printed))).toBe(true);
    expect(new Set(lines).size).toBe(5);
    expect(line.stats()).toMatchObject({ path, lines: 5, lost: 0 });
    expect(ledger.servedReadings.get(SCALE_DEVICE)).toBe(5);
  });

  test("outlives a reader that closes and comes back", async () => {
    const pty = await Pty.open();
    if (!(pty instanceof Pty)) throw new Error(pty.reason);
    stop = async () => await pty.close();
    for (let visit = 0; visit < 3; visit++) {
      const port = new SerialPort({ path: pty.path, baudRate: 9600 });
      let isRead = false;
      port.on("data", () => {
        isRead = true;
      });
      await until(() => port.isOpen, "the port to open");
      pty.write("+0001.000 kg\r\n");
      await until(() => isRead && pty.isFree, "a line");
      expect(isRead).toBe(true);
      await new Promise((resolve) => port.close(resolve));
    }
  });

  test("loses lines that nobody reads, and counts them", async () => {
    const clock = new ManualClock();
    const ledger = new CountingLedger();
    const line = new SerialLine({ ledger, clock, random: createRandom(1), log: silentLogger });
    await line.start();
    stop = async () => await line.stop();
    for (let second = 0; second < 400; second++) {
      line.tick(clock.monotonic());
      await clock.advance(1000);
    }
    await until(() => {
      void clock.advance(1000);
      line.tick(clock.monotonic());
      return line.stats().lost > 0;
    }, "the line to fill up");
    expect(line.stats().lines).toBeGreaterThan(0);
    expect(ledger.servedReadings.get(SCALE_DEVICE)).toBe(line.stats().lines);
  });
});
