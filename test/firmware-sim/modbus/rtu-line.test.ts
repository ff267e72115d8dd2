// peerTest is a test block, which the linter cannot know:
// oxlint-disable vitest/no-standalone-expect
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TemplateShelf } from "#config/loading/template-shelf.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { noLedger } from "#sim/ledger/no-ledger.ts";
import { RtuLine } from "#sim/modbus/rtu-line.ts";
import { TemplateUnit } from "#sim/modbus/template-unit.ts";
import type { UnitFault } from "#sim/modbus/unit-fault.ts";
import { startBusOn } from "#test/agent/sources/modbus/start-bus.ts";
import { mbpoll, peerTest } from "#test/support/peer.ts";
import { until } from "#test/support/until.ts";

const shelf = new TemplateShelf();
const METERS = ["eastron-sdm630", "cg-em24-rs485", "abb-b23-b24"] as const;

let line: RtuLine;
let port: string;

beforeEach(async () => {
  const units = METERS.map((name, i): [number, TemplateUnit] => [
    i + 1,
    new TemplateUnit(shelf.find(name)!, i + 1, createRandom(i)),
  ]);
  const parts = {
    ledger: noLedger,
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
  };
  line = new RtuLine(new Map(units), parts);
  port = (await line.start())!;
});

afterEach(async () => {
  await line.stop();
});

/** The three meters as a gateway reads them. */
async function gateway(timeout = "2s"): ReturnType<typeof startBusOn> {
  const devices = METERS.map((name, i): [string, Record<string, unknown>] => [
    name,
    { unit: i + 1, every: "50ms", tags: shelf.find(name)!.tags },
  ]);
  return await startBusOn({ modbus: "rtu", port, timeout }, Object.fromEntries(devices));
}

/** Until each was read once, a gateway does not wait long for a device that may not be there. */
async function settled({ intake }: Awaited<ReturnType<typeof gateway>>): Promise<void> {
  const isGood = (device: string): boolean =>
    intake.readings(device).some(({ quality }) => quality === "good");
  await until(() => METERS.every(isGood));
  intake.batches.length = 0;
  await until(() => intake.batches.length > 8);
}

describe("three meters on a simulated RS-485 line", { timeout: 40_000 }, () => {
  test("are read by the agent, every tag of each", async () => {
    const running = await gateway();
    await settled(running);
    const { bus, intake } = running;
    await bus.stop();
    expect(intake.readings().filter((reading) => reading.quality !== "good")).toEqual([]);
    for (const name of METERS) {
      expect(Object.keys(intake.latest(name))).toEqual(Object.keys(shelf.find(name)!.tags));
    }
    expect(line.stats()).toMatchObject({ units: 3, exceptions: 0 });
  });

  test("are read although the adapter echoes what is sent", async () => {
    await line.setLineFault("echo");
    const running = await gateway();
    await settled(running);
    const { bus, intake } = running;
    await bus.stop();
    expect(intake.readings().filter((reading) => reading.quality !== "good")).toEqual([]);
  });

  test.each<UnitFault>([
    { kind: "dead" },
    { kind: "garbage" },
    { kind: "short" },
    { kind: "wrong-id" },
    { kind: "half-open" },
  ])("lose one of them to $kind, and the others are read", async (fault) => {
    line.setFault(2, fault);
    const { bus, intake } = await gateway("400ms");
    const good = (device: string): number =>
      intake.readings(device, "frequency").filter(({ quality }) => quality === "good").length;
    await until(() => good("eastron-sdm630") > 3 && good("abb-b23-b24") > 3);
    expect(good("cg-em24-rs485")).toBe(0);
    line.setFault(2, undefined);
    await until(() => good("cg-em24-rs485") > 0);
    await bus.stop();
  });

  test("are found again on another port after the line was pulled out", async () => {
    await line.setLineFault("unplugged");
    const again = await line.setLineFault(undefined);
    expect(again).toBeDefined();
    port = again!;
    const running = await gateway();
    await settled(running);
    await running.bus.stop();
    expect(running.intake.readings().at(-1)?.quality).toBe("good");
  });
});

test("with a baud rate an answer takes as long as on the wire", async () => {
  const units = new Map([[1, new TemplateUnit(shelf.find("eastron-sdm630")!, 1, createRandom(1))]]);
  const waits: number[] = [];
  const clock = {
    ...systemClock,
    now: () => 0,
    monotonic: () => 0,
    after: (_name: string, waitMs: number, run: () => void) => {
      waits.push(waitMs);
      return systemClock.after("test", 0, run);
    },
  };
  const parts = { ledger: noLedger, clock, random: createRandom(1), log: silentLogger };
  const slow = new RtuLine(units, parts, 9600);
  const path = (await slow.start())!;
  const tags = { voltage: { register: 30_001, type: "float32" } };
  const { bus, intake } = await startBusOn({ modbus: "rtu", port: path }, { m: { tags } });
  await until(() => intake.batches.length > 0);
  await bus.stop();
  await slow.stop();
  // 8 bytes there and 9 back, 11 bits each.
  expect(waits[0]).toBeCloseTo((17 * 11 * 1000) / 9600, 6);
});

peerTest("mbpoll reads the line", [mbpoll], async () => {
  // -t 3:float is an input register, -r counts from 1; mbpoll reads floats with the low word first.
  const args = ["-m", "rtu", "-a", "1", "-t", "3:float", "-B", "-r", "71", "-1", "-q", port];
  const { stdout } = await promisify(execFile)("mbpoll", ["-b", "9600", "-P", "none", ...args]);
  expect(Number(/\[71\]:\s+([\d.]+)/.exec(stdout)?.[1])).toBeCloseTo(50, 0);
});
