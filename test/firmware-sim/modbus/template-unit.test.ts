/** Each device template against the virtual device that is made of it. */
import modbusSerial from "modbus-serial";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Recognition } from "#agent/commands/scan/recognise.ts";
import { planBlocks, READ_REGISTERS_MAX } from "#agent/sources/modbus/planner.ts";
import { createPoint } from "#agent/sources/modbus/point.ts";
import { type DeviceTemplate, TemplateShelf } from "#config/loading/template-shelf.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { noLedger } from "#sim/ledger/no-ledger.ts";
import { ModbusPlant } from "#sim/modbus/modbus-plant.ts";
import { TemplateUnit } from "#sim/modbus/template-unit.ts";
import { startBus } from "#test/agent/sources/modbus/start-bus.ts";
import { until } from "#test/support/until.ts";

const shelf = new TemplateShelf();
const recognition = new Recognition(shelf);
const templates = shelf.names().map((name) => shelf.find(name)!);
const parts = {
  ledger: noLedger,
  clock: systemClock,
  random: createRandom(1),
  log: silentLogger,
};

function unitOf(template: DeviceTemplate): TemplateUnit {
  return new TemplateUnit(template, 1, createRandom(7));
}

let plant: ModbusPlant;
let port: number;

/** Unit ids are the templates' places in the list, from 1. */
beforeAll(async () => {
  const units = templates.map((template, i): [number, TemplateUnit] => [i + 1, unitOf(template)]);
  plant = new ModbusPlant({ host: "127.0.0.1", port: 0 }, new Map(units), parts);
  port = await plant.start();
});

afterAll(async () => {
  await plant.stop();
});

describe.each(templates.map((template, i) => ({ template, name: template.name, unit: i + 1 })))(
  "the template $name",
  ({ template, name, unit }) => {
    test("is read from its own virtual device, every tag of it, and with good quality", async () => {
      const devices = { meter: { unit, every: "50ms", tags: template.tags } };
      const { bus, intake } = await startBus(port, devices, { timeout: "2s" });
      await until(() => intake.readings().some(({ quality }) => quality === "good"));
      intake.batches.length = 0;
      await until(() => intake.batches.length > 1);
      await bus.stop();
      const readings = intake.readings();
      expect(readings.filter((reading) => reading.quality !== "good")).toEqual([]);
      expect(new Set(readings.map((reading) => reading.tag))).toEqual(
        new Set(Object.keys(template.settings.tags)),
      );
    });

    test("is planned in requests that any device allows", () => {
      const points = Object.entries(template.settings.tags).map(([tag, settings]) => {
        const point = createPoint(tag, settings);
        expect(point).toBeDefined();
        return point!;
      });
      const limits = { registersMax: READ_REGISTERS_MAX, bitsMax: 2000, gapMax: 8 };
      const blocks = planBlocks(points, limits);
      expect(blocks.flatMap((block) => block.points)).toHaveLength(points.length);
      expect(blocks.every((block) => block.size <= READ_REGISTERS_MAX)).toBe(true);
    });

    test("is recognised by its marks", async () => {
      const found = await recognition.fitting((span) => readSpan(unit, span.start, span));
      expect(found).toEqual(template.settings.identify.length === 0 ? [] : [name]);
    });
  },
);

/** As a client of modbus-serial reads it. */
async function readSpan(
  unit: number,
  start: number,
  { table, size }: { table: string; size: number },
): Promise<Uint8Array | undefined> {
  const client = new modbusSerial.default();
  await client.connectTCP("127.0.0.1", { port });
  client.setID(unit);
  try {
    const read = table === "holding" ? "readHoldingRegisters" : "readInputRegisters";
    const { buffer } = await client[read](start, size);
    return buffer;
  } catch {
    // The device has no such register.
    return undefined;
  } finally {
    client.close(() => {});
  }
}

test("values belong together: power is voltage × current × power factor, phase by phase", async () => {
  const { intake, bus } = await startBus(port, {
    meter: {
      unit: templates.findIndex(({ name }) => name === "eastron-sdm630") + 1,
      every: "20ms",
      tags: shelf.find("eastron-sdm630")!.tags,
    },
  });
  await until(() => intake.batches.length > 1);
  await bus.stop();
  const values = intake.latest("meter");
  const number = (tag: string): number => Number(values[tag]);
  for (const phase of [1, 2, 3]) {
    const power = number(`voltage_l${phase}n`) * number(`current_l${phase}`);
    const expected = power * number("power_factor_total");
    expect(number(`power_l${phase}`)).toBeCloseTo(expected, -1);
  }
  expect(number("frequency")).toBeCloseTo(50, 0);
  expect(number("power_total")).toBeGreaterThan(1000);
});

test("a scale factor is as fine as the greatest value allows", async () => {
  const unit = templates.findIndex(({ name }) => name.startsWith("sunspec")) + 1;
  const factor = async (register: number): Promise<number> => {
    const data = await readSpan(unit, register - 400_001, { table: "holding", size: 1 });
    return Buffer.from(data!).readInt16BE();
  };
  // Volts in hundredths, and watts in tens: an int16 holds no more than 32767.
  expect(await factor(440_083)).toBe(-2);
  expect(await factor(440_085)).toBe(1);
});

test("between two registers of a template others read as 0, and beyond them none exists", () => {
  const unit = unitOf(shelf.find("eastron-sdm630")!);
  expect(unit.read("input", 76, 2, 1000)).toEqual([0, 0]);
  expect(unit.read("input", 344, 1, 1000)).toBeUndefined();
  expect(unit.read("holding", 0, 1, 1000)).toBeUndefined();
});
