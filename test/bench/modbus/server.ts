/**
 * The devices of the benchmark, in a process of their own: units with as many registers as are asked for,
 * behind one Modbus TCP port of the simulator. Prints the port, and at its end the CPU that it took.
 */
import { parseArgs } from "node:util";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { noLedger } from "#sim/ledger/no-ledger.ts";
import { ModbusPlant } from "#sim/modbus/modbus-plant.ts";
import type { ServedUnit } from "#sim/modbus/unit-bank.ts";

const { values } = parseArgs({
  options: { units: { type: "string", default: "1" }, tags: { type: "string", default: "125" } },
});
const registers = Number(values.tags);

/** Values that change, at the least cost: what is measured is the agent. */
function unit(name: string): ServedUnit {
  return {
    name,
    read: (_table, address, length, nowMs) =>
      address + length <= registers
        ? Array.from({ length }, (_, i) => (address + i + nowMs) & 0xffff)
        : undefined,
    readBit: () => undefined,
    readingsIn: (_table, _address, length) => length,
  };
}

const units = new Map(
  Array.from({ length: Number(values.units) }, (_, i) => [i + 1, unit(`unit-${i + 1}`)]),
);
const plant = new ModbusPlant({ host: "127.0.0.1", port: 0 }, units, {
  ledger: noLedger,
  clock: systemClock,
  random: createRandom(1),
  log: silentLogger,
});
const port = await plant.start();
process.stdout.write(`${JSON.stringify({ port })}\n`);
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1000, reads: plant.stats().reads });
});
process.once("SIGTERM", () => void plant.stop().then(() => process.disconnect()));
