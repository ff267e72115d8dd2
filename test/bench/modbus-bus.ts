/**
 * One Modbus TCP bus of many units, some of them dead: which share of their polls the healthy ones
 * keep. The server is of raw sockets and answers in the time a gateway to RS-485 takes, one request
 * after the other, as such a gateway does.
 */
import { parseArgs } from "node:util";
import { ModbusBus } from "#agent/sources/modbus/modbus-bus.ts";
import type { DeviceSettings } from "#config/gateway/device.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { FakeDevice, registersAnswer } from "#test/agent/sources/modbus/fake-device.ts";
import { settingsOf } from "#test/agent/sources/modbus/start-bus.ts";
import { MemoryIntake } from "#test/support/memory-intake.ts";

export const name = "modbus-bus";
export const describe = "a Modbus TCP bus of 30 units, 5 of them dead: what the others keep";

export interface ModbusBusBenchResult {
  shape: string;
  seconds: number;
  /** Good polls of the healthy units, of those that their interval promises. */
  healthyShare: number;
  /** The same, of the unit that was served worst. */
  worstShare: number;
  deadPolls: number;
  probes: number;
  readingsPerSecond: number;
  cpuShare: number;
}

export async function run(args: readonly string[]): Promise<ModbusBusBenchResult> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      units: { type: "string", default: "30" },
      dead: { type: "string", default: "5" },
      tags: { type: "string", default: "10" },
      every: { type: "string", default: "1000" },
      answer: { type: "string", default: "20" },
      timeout: { type: "string", default: "1000" },
      seconds: { type: "string", default: "30" },
    },
  });
  return await measure({
    units: Number(values.units),
    dead: Number(values.dead),
    tags: Number(values.tags),
    everyMs: Number(values.every),
    answerMs: Number(values.answer),
    timeoutMs: Number(values.timeout),
    seconds: Number(values.seconds),
  });
}

interface Shape {
  units: number;
  dead: number;
  tags: number;
  everyMs: number;
  answerMs: number;
  timeoutMs: number;
  seconds: number;
}

async function measure(shape: Shape): Promise<ModbusBusBenchResult> {
  let dead = 0;
  const device = new FakeDevice((request, socket) => {
    // The dead ones are spread over the bus.
    if (request.unit % Math.floor(shape.units / Math.max(1, shape.dead)) === 0 && dead > 0) return;
    const answer = registersAnswer(request, (address) => address);
    if (shape.answerMs === 0) socket.write(answer);
    else systemClock.after("answer", shape.answerMs, () => socket.write(answer));
  });
  const port = await device.listen();
  const intake = new MemoryIntake();
  const bus = createBus(shape, port, intake);
  await bus.start();
  await systemClock.sleep(3 * shape.everyMs, { name: "all alive" });
  dead = shape.dead;
  // Each dead unit costs its full time-out once; then the breaker is what is measured.
  await systemClock.sleep(2 * shape.everyMs + shape.dead * 2 * shape.timeoutMs, { name: "dying" });
  intake.batches.length = 0;
  const before = { cpu: process.cpuUsage(), probes: bus.status().counters["probes"] ?? 0 };
  await systemClock.sleep(shape.seconds * 1000, { name: "measuring" });
  const batches = [...intake.batches];
  const cpu = process.cpuUsage(before.cpu);
  const probes = (bus.status().counters["probes"] ?? 0) - before.probes;
  await bus.stop();
  await device.close();
  const polls = new Map<string, { good: number; bad: number }>();
  for (const batch of batches) {
    const unit = batch.series[0]?.device ?? "";
    const count = polls.get(unit) ?? { good: 0, bad: 0 };
    polls.set(unit, count);
    if (batch.qualities[0] === "good") count.good += 1;
    else count.bad += 1;
  }
  const promised = (shape.seconds * 1000) / shape.everyMs;
  const healthy = [...polls.values()].filter((count) => count.good > 0);
  const goodPolls = healthy.reduce((sum, count) => sum + count.good, 0);
  const allPolls = [...polls.values()].reduce((sum, count) => sum + count.good + count.bad, 0);
  return {
    shape: `${shape.units} units (${shape.dead} dead) x ${shape.tags} tags every ${shape.everyMs} ms, ${shape.answerMs} ms an answer, time-out ${shape.timeoutMs} ms`,
    seconds: shape.seconds,
    healthyShare: goodPolls / (promised * (shape.units - shape.dead)),
    worstShare: Math.min(...healthy.map((count) => count.good)) / promised,
    deadPolls: allPolls - goodPolls,
    probes,
    readingsPerSecond: Math.round((goodPolls * shape.tags) / shape.seconds),
    cpuShare: (cpu.user + cpu.system) / 1e6 / shape.seconds,
  };
}

function createBus(shape: Shape, port: number, intake: MemoryIntake): ModbusBus {
  const tags = Object.fromEntries(
    Array.from({ length: shape.tags }, (_, i) => [`t${i}`, { register: 40_001 + i }]),
  );
  const devices: Record<string, Record<string, unknown>> = {};
  for (let unit = 1; unit <= shape.units; unit++) {
    devices[`unit-${unit}`] = { unit, every: `${shape.everyMs}ms`, tags };
  }
  const timeout = `${shape.timeoutMs}ms`;
  const settings = settingsOf({ modbus: "tcp", host: "127.0.0.1", port, timeout }, devices);
  const known: Record<string, DeviceSettings> = settings.devices;
  return new ModbusBus({
    name: "line",
    settings: settings.bus,
    devices: known,
    intake,
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
  });
}
