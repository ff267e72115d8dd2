/** What sources say of themselves as alarms: a dead bus, a noisy one, a silent device. */
import { rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import crc16 from "modbus-serial/utils/crc16.js";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Trouble } from "#agent/sources/contract.ts";
import { KeptPart, type Part } from "#agent/sources/kept-part.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import { silentLogger } from "#core/log.ts";
import { DEVICE_TAG } from "#core/own-names.ts";
import { createRandom } from "#core/random.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { Pty } from "#test/support/pty.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { FakeDevice, honest } from "./modbus/fake-device.ts";
import { startBus, startBusOn } from "./modbus/start-bus.ts";
import { startLine } from "./serial/start-line.ts";

const METER = { unit: 2, every: "20ms", retries: 0, tags: { level: { register: 40_001 } } };

/** Rules and whom they concern, in a form to compare. */
function told(source: { troubles(): readonly Trouble[] }): string[] {
  return source.troubles().map(({ device, tag, rule }) => `${device} ${tag} ${rule}`);
}

/** An RTU answer of one register. */
function answerOf(unit: number, value: number): Buffer {
  const frame = Buffer.from([unit, 3, 2, value >> 8, value & 0xff]);
  const answer = Buffer.concat([frame, Buffer.alloc(2)]);
  answer.writeUInt16LE(crc16(frame), frame.length);
  return answer;
}

type LineUnderTest = Awaited<ReturnType<typeof startLine>>["line"];

/** A line on a port where nothing is said yet. */
async function startSilent(): Promise<{ pty: Pty; clock: ManualClock; line: LineUnderTest }> {
  const pty = new Pty();
  const clock = new ManualClock();
  const { line } = await startLine(pty.path, { clock, bus: { silence: "30s" } });
  onTestFinished(async () => {
    await line.stop();
    pty.unplug();
  });
  await until(() => line.status().state === "running");
  return { pty, clock, line };
}

const SILENT: Trouble = {
  device: "meter",
  tag: DEVICE_TAG,
  rule: "silent",
  priority: "medium",
  message: "meter does not answer.",
};

/** A source that is kept and does nothing but have troubles. */
function kept(troubles: () => readonly Trouble[]): {
  source: KeptPart<Part>;
  clock: ManualClock;
  alarms: AlarmTransition[];
} {
  const clock = new ManualClock();
  const alarms: AlarmTransition[] = [];
  const source = new KeptPart<Part>({
    name: "bus line",
    consequence: "Nothing comes from bus line",
    priority: "high",
    make: () => ({
      start: async () => {},
      stop: async () => {},
      troubles,
    }),
    clock,
    wallMs: () => clock.now(),
    random: createRandom(1),
    log: silentLogger,
    onAlarm: (transition) => alarms.push(transition),
  });
  return { source, clock, alarms };
}

describe("a Modbus bus", () => {
  test("is dead while nothing listens at its address, and only then", async () => {
    const device = new FakeDevice(honest);
    const port = await device.listen();
    const { bus } = await startBus(port, { meter: METER });
    onTestFinished(() => bus.stop());
    await until(() => bus.status().state === "running");
    expect(told(bus)).toEqual([]);
    await device.close();
    await until(() => told(bus).includes("(gateway) line dead"));
    const [dead] = bus.troubles();
    expect(dead?.priority).toBe("high");
    expect(dead?.message).toBe(
      `Nothing comes from bus line: no connection to 127.0.0.1:${port}: ECONNREFUSED. ` +
        "Check power, cable and address, and that no other program has the line.",
    );
    await device.listen(port);
    onTestFinished(() => device.close());
    await until(() => told(bus).length === 0);
  });

  test("is dead when every connection is ended without an answer", async () => {
    const device = new FakeDevice((_request, socket) => socket.destroy());
    onTestFinished(() => device.close());
    const { bus } = await startBus(await device.listen(), { meter: METER });
    onTestFinished(() => bus.stop());
    await until(() => told(bus).includes("(gateway) line dead"));
    expect(bus.troubles()[0]?.message).toContain("it ends every connection without an answer");
    device.behave = honest;
    await until(() => told(bus).length === 0);
  });

  test("is not dead because one of its devices is silent", async () => {
    const device = new FakeDevice((request, socket) => {
      if (request.unit !== 2) honest(request, socket);
    });
    onTestFinished(() => device.close());
    const units = { meter: METER, other: { ...METER, unit: 3 } };
    const { bus } = await startBus(await device.listen(), units, { timeout: "40ms" });
    onTestFinished(() => bus.stop());
    await until(() => told(bus).length > 0);
    expect(bus.troubles()).toEqual([
      {
        device: "meter",
        tag: DEVICE_TAG,
        rule: "silent",
        priority: "medium",
        message:
          "meter (unit 2) does not answer. Check its power, its cable and its unit id; " +
          "see `penstock read meter -v`.",
      },
    ]);
    device.behave = honest;
    await until(() => told(bus).length === 0);
  });

  test("on a line is noisy while bytes come that are no answer, and says what to check", async () => {
    const pty = new Pty();
    let isGarbled = false;
    // What an answer of 19,200 baud looks like at 9600.
    const garbled = Buffer.from([0xfe, 0x80, 0xf8]);
    pty.onData(() => pty.send(isGarbled ? garbled : answerOf(2, 7)));
    const { bus, intake } = await startBusOn(
      { modbus: "rtu", port: pty.path, timeout: "60ms" },
      { meter: { ...METER, every: "10ms" } },
    );
    onTestFinished(async () => {
      await bus.stop();
      pty.unplug();
    });
    await until(() => intake.latest("meter")["level"] === 7);
    isGarbled = true;
    await until(() => told(bus).includes("(gateway) line noisy"));
    const noisy = bus.troubles().find(({ rule }) => rule === "noisy");
    expect(noisy).toMatchObject({ priority: "medium" });
    expect(noisy?.message).toMatch(
      /^Bus line is noisy: \d+ of the last \d+ requests got bytes that are no answer \(fe 80 f8\): check baud, parity and termination, and that no two devices have one unit id\.$/,
    );
    isGarbled = false;
    await until(() => told(bus).length === 0);
  });

  test("on a line is dead when its adapter is pulled out, until it is plugged in again", async () => {
    const port = join(await tempFolder(), "usb-rs485");
    const plugIn = async (): Promise<Pty> => {
      const pty = new Pty();
      pty.onData(() => pty.send(answerOf(2, 7)));
      await rm(port, { force: true });
      await symlink(pty.path, port);
      return pty;
    };
    const first = await plugIn();
    const { bus, intake } = await startBusOn(
      { modbus: "rtu", port, timeout: "60ms" },
      { meter: METER },
    );
    onTestFinished(() => bus.stop());
    await until(() => intake.latest("meter")["level"] === 7);
    expect(told(bus)).toEqual([]);
    first.unplug();
    await rm(port);
    await until(() => told(bus).includes("(gateway) line dead"));
    const second = await plugIn();
    onTestFinished(() => second.unplug());
    await until(() => told(bus).length === 0);
  });

  test("on a line is dead while the port is not there", async () => {
    const { bus } = await startBusOn(
      { modbus: "rtu", port: "/dev/penstock-no-such-port" },
      { meter: METER },
    );
    onTestFinished(() => bus.stop());
    await until(() => told(bus).length > 0);
    expect(told(bus)).toEqual(["(gateway) line dead"]);
    expect(bus.troubles()[0]?.message).toContain("there is no such device: is it plugged in?");
  });
});

describe("a serial line", () => {
  test("of which nothing comes has a silent device, until a line can be read", async () => {
    const { pty, clock, line } = await startSilent();
    await clock.advance(29_000);
    expect(told(line)).toEqual([]);
    await clock.advance(1000);
    expect(told(line)).toEqual(["scale-1 (device) silent"]);
    pty.send("5 kg\r\n");
    await until(() => told(line).length === 0);
  });

  test("of which only lines come that nobody can read is noisy", async () => {
    const { pty, clock, line } = await startSilent();
    pty.send("OVERLOAD\r\n");
    await until(() => line.status().counters["lines_unmatched"] === 1);
    expect(told(line)).toEqual([]);
    await clock.advance(30_000);
    expect(told(line)).toEqual(["(gateway) scale noisy"]);
    expect(line.troubles()[0]?.message).toBe(
      'Bus scale is noisy: a line does not match the pattern: "OVERLOAD" (4f 56 45 52 4c 4f 41 44): ' +
        "check baud, parity, cable and pattern.",
    );
  });

  test("of which bytes come and no frame is noisy, too", async () => {
    const { pty, clock, line } = await startSilent();
    pty.send(Buffer.from([0xfe, 0x80]));
    await until(() => line.status().counters["bytes"] === 2);
    await clock.advance(30_000);
    expect(told(line)).toEqual(["(gateway) scale noisy"]);
  });

  test("without its port is dead, and its device is not silent besides", async () => {
    const clock = new ManualClock();
    const { line } = await startLine("/dev/penstock-no-such-port", {
      clock,
      bus: { silence: "30s" },
    });
    onTestFinished(() => line.stop());
    await clock.advance(60_000);
    expect(told(line)).toEqual(["(gateway) scale dead"]);
  });
});

describe("alarms of a source", () => {
  test("are raised once, and cleared when it is over", async () => {
    let troubles: readonly Trouble[] = [];
    const { source, clock, alarms } = kept(() => troubles);
    await source.start();
    await clock.advance(5000);
    expect(alarms).toEqual([]);
    troubles = [SILENT];
    await clock.advance(5000);
    troubles = [];
    await clock.advance(5000);
    await source.stop();
    expect(alarms).toMatchObject([
      { ...SILENT, state: "active" },
      { device: "meter", state: "cleared", message: "Over: meter gives readings again." },
    ]);
    expect(new Set(alarms.map(({ id }) => id)).size).toBe(2);
  });

  test("end with their source", async () => {
    const { source, clock, alarms } = kept(() => [SILENT]);
    await source.start();
    await clock.advance(5000);
    await source.stop();
    await clock.advance(5000);
    expect(alarms).toMatchObject([
      { state: "active" },
      { state: "cleared", message: "Over: bus line is not wanted any more." },
    ]);
  });
});
