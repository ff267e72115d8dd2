// peerTest is a test block, which the linter cannot know:
// oxlint-disable vitest/no-standalone-expect
/** The simulator's units as a client sees them that nobody here wrote: every type in every order. */
import { createServer } from "node:net";
import { SerialPort } from "serialport";
import { expect, onTestFinished } from "vitest";
import { templateSchema } from "#config/gateway/device-template.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { noLedger } from "#sim/ledger/no-ledger.ts";
import { ModbusPlant } from "#sim/modbus/modbus-plant.ts";
import { RtuLine } from "#sim/modbus/rtu-line.ts";
import { TemplateUnit } from "#sim/modbus/template-unit.ts";
import { peerTest, pymodbus } from "#test/support/peer.ts";
import { type PymodbusRead, readWithPymodbus } from "./pymodbus-client.ts";

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

interface Case {
  read: PymodbusRead;
  value: number | string;
  /** As a template writes it. */
  register: number;
}

/** One unit a type and table: what it holds is written by the template's marks. */
function casesOf(
  unit: number,
  table: "holding" | "input",
  type: string,
  [registers, values]: readonly [number, readonly number[]],
): Case[] {
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

function unitOf(name: string, cases: readonly Case[], tags: object = {}): TemplateUnit {
  const settings = templateSchema.parse({
    version: 1,
    title: name,
    source: "this test",
    verified: "unverified",
    identify: cases.map(({ register, value, read: { type, order, length } }) => ({
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
  casesOf(2 * i + 1, "holding", type, values),
  casesOf(2 * i + 2, "input", type, values),
]);

const TEXT: Case = {
  read: { unit: 99, table: "holding", address: 9, type: "string", order: "ABCD", length: 6 },
  value: "SIM-0099",
  register: 40_010,
};

const all = [...numbers.flat(), TEXT];

/** A value as pymodbus gives it: a float32 as the double that it is. */
function expectedOf({ read, value }: Case): number | string {
  return read.type === "float32" ? Math.fround(Number(value)) : value;
}

function units(): Map<number, TemplateUnit> {
  const bits = { valve: { coil: 5 }, limit: { discrete: 8 } };
  return new Map([
    ...numbers.map((cases, i): [number, TemplateUnit] => [i + 1, unitOf(`unit-${i}`, cases)]),
    [99, unitOf("text", [TEXT], bits)],
  ]);
}

const parts = {
  ledger: noLedger,
  clock: systemClock,
  random: createRandom(1),
  log: silentLogger,
};

async function startPlant(): Promise<number> {
  const plant = new ModbusPlant({ host: "127.0.0.1", port: 0 }, units(), parts);
  onTestFinished(() => plant.stop());
  return await plant.start();
}

/** A serial server before the simulator's line: bare RTU frames by TCP. */
async function startSerialServer(): Promise<number> {
  const line = new RtuLine(units(), parts);
  onTestFinished(() => line.stop());
  const path = await line.start();
  if (path === undefined) throw new Error("no pseudo terminal");
  const port = new SerialPort({ path, baudRate: 9600 });
  onTestFinished(() => new Promise<void>((resolve) => port.close(() => resolve())));
  const server = createServer((socket) => {
    socket.on("data", (bytes) => port.write(bytes));
    port.on("data", (bytes) => socket.write(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("it listens");
  return address.port;
}

peerTest("pymodbus reads every type in every order as the unit holds it", [pymodbus], async () => {
  const values = await readWithPymodbus(
    await startPlant(),
    "tcp",
    all.map(({ read }) => read),
  );
  expect(values).toEqual(all.map(expectedOf));
});

peerTest("so it does on a serial line, by RTU", [pymodbus], async () => {
  const values = await readWithPymodbus(
    await startSerialServer(),
    "rtu",
    all.map(({ read }) => read),
  );
  expect(values).toEqual(all.map(expectedOf));
});

peerTest(
  "pymodbus reads coils and discrete inputs, and is refused the others",
  [pymodbus],
  async () => {
    const values = await readWithPymodbus(await startPlant(), "tcp", [
      { unit: 99, table: "coil", address: 4 },
      { unit: 99, table: "discrete", address: 7 },
      { unit: 99, table: "coil", address: 5 },
      { unit: 99, table: "holding", address: 100, type: "int16", order: "ABCD" },
    ]);
    const refused = { error: expect.stringContaining("IllegalAddress") };
    expect(values).toEqual([true, true, refused, refused]);
  },
);
