/** Units that hold a value of every type in every order, in both tables of registers, for clients nobody here wrote. */
import { onTestFinished } from "vitest";
import { templateSchema } from "#config/gateway/device-template.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { noLedger } from "#sim/ledger/no-ledger.ts";
import { ModbusPlant } from "#sim/modbus/modbus-plant.ts";
import { RtuLine } from "#sim/modbus/rtu-line.ts";
import { TemplateUnit } from "#sim/modbus/template-unit.ts";

export interface TypedRead {
  unit: number;
  table: "holding" | "input";
  /** From 0. */
  address: number;
  type: string;
  order: string;
  /** Of a text, in registers. */
  length?: number;
}

const ORDERS = ["ABCD", "CDAB", "BADC", "DCBA"];

/** Different bytes in every place, so that no wrong order can go unnoticed; the greatest; the least. */
const VALUES: Readonly<Record<string, readonly [registers: number, values: readonly number[]]>> = {
  int16: [1, [-12_345, 0x7fff]],
  uint16: [1, [54_321, 0xffff]],
  int32: [2, [-1_234_567_890, 0x7fff_ffff]],
  uint32: [2, [3_735_928_559, 0xffff_ffff]],
  float32: [2, [71.2, -3.4e38]],
  int64: [4, [-1_234_567_890_123, Number.MAX_SAFE_INTEGER]],
  uint64: [4, [81_985_529_216_486, Number.MAX_SAFE_INTEGER]],
  float64: [4, [-0.1, 1e-300]],
  bcd16: [1, [1234, 9999]],
  bcd32: [2, [12_345_678, 99_999_999]],
};

/** A place, and what it holds. */
export interface Held {
  read: TypedRead;
  value: number | string;
  /** As a template writes it. */
  register: number;
}

/** One unit a type and table: what it holds is written by the template's marks. */
function heldBy(
  unit: number,
  table: "holding" | "input",
  type: string,
  [registers, values]: readonly [number, readonly number[]],
): Held[] {
  const first = table === "holding" ? 40_001 : 30_001;
  let address = 0;
  return ORDERS.flatMap((order) =>
    values.map((value) => {
      const read = { unit, table, address, type, order };
      address += registers;
      return { read, value, register: first + read.address };
    }),
  );
}

function unitOf(name: string, held: readonly Held[], tags: object = {}): TemplateUnit {
  const settings = templateSchema.parse({
    version: 1,
    title: name,
    source: "this test",
    verified: "unverified",
    identify: held.map(({ register, value, read: { type, order, length } }) => ({
      register,
      type,
      order,
      length,
      equals: value,
    })),
    tags,
  });
  const template = { name, file: "none", settings, tags: {}, device: {} };
  return new TemplateUnit(template, 1, createRandom(1));
}

const numbers = Object.entries(VALUES).flatMap(([type, values], i) => [
  heldBy(2 * i + 1, "holding", type, values),
  heldBy(2 * i + 2, "input", type, values),
]);

export const TEXT: Held = {
  read: { unit: 99, table: "holding", address: 9, type: "string", order: "ABCD", length: 6 },
  value: "SIM-0099",
  register: 40_010,
};

/** Everything, in the order of the units. */
export const HELD: readonly Held[] = [...numbers.flat(), TEXT];

function units(): Map<number, TemplateUnit> {
  const bits = { valve: { coil: 5 }, limit: { discrete: 8 } };
  return new Map([
    ...numbers.map((held, i): [number, TemplateUnit] => [i + 1, unitOf(`unit-${i}`, held)]),
    [99, unitOf("text", [TEXT], bits)],
  ]);
}

const parts = {
  ledger: noLedger,
  clock: systemClock,
  random: createRandom(1),
  log: silentLogger,
};

/** By Modbus TCP: the port. */
export async function startPlant(): Promise<number> {
  const plant = new ModbusPlant({ host: "127.0.0.1", port: 0 }, units(), parts);
  onTestFinished(() => plant.stop());
  return await plant.start();
}

/** On a serial line: the path of the port to open. */
export async function startLine(): Promise<string> {
  const line = new RtuLine(units(), parts);
  onTestFinished(() => line.stop());
  const path = await line.start();
  if (path === undefined) throw new Error("no pseudo terminal");
  return path;
}
