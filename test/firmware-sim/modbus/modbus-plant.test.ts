import { execFile } from "node:child_process";
import { connect } from "node:net";
import { promisify } from "node:util";
import modbusSerial from "modbus-serial";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { FaultLabels } from "#sim/faults/fault-injector.ts";
import { createUnits } from "#sim/modbus/create-units.ts";
import { ModbusPlant } from "#sim/modbus/modbus-plant.ts";
import { mapRegisters } from "#sim/modbus/register-map.ts";
import type { ModbusUnit } from "#sim/modbus/unit.ts";
import type { UnitFault } from "#sim/modbus/unit-fault.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { mbpoll, peerTest } from "#test/support/peer.ts";
import { CountingLedger } from "../support/counting-ledger.ts";
import { until } from "../support/until.ts";

const ModbusClient = modbusSerial.default;
const HOST = "127.0.0.1";
const FIRST_UNIT = "plc-motor-001";

let clock: ManualClock;
let ledger: CountingLedger;
let plant: ModbusPlant;
let port: number;
let client: InstanceType<typeof ModbusClient>;

/** The same units as the plant's: what they would measure, by the same seed. */
function units(): Map<number, ModbusUnit> {
  const settings = { units: 5, faultsPerHour: 0, warmUpMs: 0, startMs: clock.now() };
  return createUnits(settings, new FaultLabels(), createRandom(42));
}

beforeEach(async () => {
  clock = new ManualClock();
  ledger = new CountingLedger();
  const parts = { ledger, clock, random: createRandom(1), log: silentLogger };
  plant = new ModbusPlant({ host: HOST, port: 0 }, units(), parts);
  port = await plant.start();
  client = new ModbusClient();
  await client.connectTCP(HOST, { port });
  client.setTimeout(1000);
  client.setID(1);
});

afterEach(async () => {
  client.close(() => {});
  await plant.stop();
});

describe("Modbus units", () => {
  test("hold their device's values in the documented registers", async () => {
    const values = units().get(2)?.device.sample(clock.now()) ?? new Float64Array();
    client.setID(2);
    const { buffer } = await client.readHoldingRegisters(0, 16);
    const map = mapRegisters("holding", units().get(2)?.device.tags ?? []);
    const readRaw = {
      float32: (at: number) => buffer.readFloatBE(at),
      int16: (at: number) => buffer.readInt16BE(at),
      uint32: (at: number) => buffer.readUInt32BE(at),
    };
    const raw = map.map(({ address, type }) => readRaw[type](address * 2));
    expect(raw).toEqual(
      map.map(({ type, index, scale }) =>
        type === "float32" ? Math.fround(values[index]!) : Math.round(values[index]! / scale),
      ),
    );
  });

  test("give every tag as float32 with swapped words in the input registers", async () => {
    const values = units().get(1)?.device.sample(clock.now()) ?? new Float64Array();
    const { buffer } = await client.readInputRegisters(0, 20);
    const swapped = Array.from({ length: 10 }, (_, i) => {
      const [low, high] = [buffer.readUInt16BE(i * 4), buffer.readUInt16BE(i * 4 + 2)];
      const words = Buffer.alloc(4);
      words.writeUInt32BE(high * 2 ** 16 + low);
      return words.readFloatBE();
    });
    expect(swapped).toEqual([...values].map(Math.fround));
  });

  test("tell the ledger how many whole tags each answered read held", async () => {
    await client.readHoldingRegisters(0, 16);
    expect(ledger.servedReadings.get(FIRST_UNIT)).toBe(10);
    await client.readHoldingRegisters(1, 3);
    expect(ledger.servedReadings.get(FIRST_UNIT)).toBe(11);
    await client.readHoldingRegisters(10, 1);
    expect(ledger.servedReadings.get(FIRST_UNIT)).toBe(12);
    expect(plant.stats()).toMatchObject({ reads: 3, readings: 12, exceptions: 0 });
  });

  test("measure at most every 100 ms, and anew after that", async () => {
    const { data: first } = await client.readHoldingRegisters(0, 16);
    await clock.advance(99);
    expect((await client.readHoldingRegisters(0, 16)).data).toEqual(first);
    await clock.advance(1);
    expect((await client.readHoldingRegisters(0, 16)).data).not.toEqual(first);
  });

  test("answer unknown registers with exception 2 and unknown units with 11, and serve nothing", async () => {
    await expect(client.readHoldingRegisters(15, 2)).rejects.toMatchObject({ modbusCode: 2 });
    await expect(client.readInputRegisters(400, 1)).rejects.toMatchObject({ modbusCode: 2 });
    client.setID(77);
    await expect(client.readHoldingRegisters(0, 2)).rejects.toMatchObject({ modbusCode: 11 });
    expect(ledger.servedReadings.size).toBe(0);
  });

  test("run: coil and discrete input 1 are on, others do not exist", async () => {
    expect((await client.readCoils(0, 1)).data[0]).toBe(true);
    expect((await client.readDiscreteInputs(0, 1)).data[0]).toBe(true);
    await expect(client.readCoils(1, 1)).rejects.toMatchObject({ modbusCode: 2 });
  });

  peerTest("are read by mbpoll, value for value", [mbpoll], compareWithMbpoll);
});

/** A read of unit 1, which has the fault from now on. */
async function badly(fault: UnitFault) {
  plant.setFault(1, fault);
  client.setTimeout(60);
  return await client.readHoldingRegisters(0, 2);
}

describe("a unit that misbehaves", () => {
  test("and is dead does not answer, while its neighbour does", async () => {
    await expect(badly({ kind: "dead" })).rejects.toMatchObject({ errno: "ETIMEDOUT" });
    expect(ledger.servedReadings.size).toBe(0);
    client.setID(2);
    await expect(client.readHoldingRegisters(0, 2)).resolves.toBeDefined();
    plant.setFault(1, undefined);
    client.setID(1);
    await expect(client.readHoldingRegisters(0, 2)).resolves.toBeDefined();
  });

  test("answers with the chosen exception, in every table", async () => {
    await expect(badly({ kind: "exception", code: 6 })).rejects.toMatchObject({ modbusCode: 6 });
    await expect(client.readInputRegisters(0, 4)).rejects.toMatchObject({ modbusCode: 6 });
    await expect(client.readCoils(0, 1)).rejects.toMatchObject({ modbusCode: 6 });
  });

  test("and is late answers after its delay", async () => {
    const reading = badly({ kind: "delay", delayMs: 5000 });
    await until(() => clock.waiting.includes("delayed answer"), "the answer to be held");
    await clock.advance(5000);
    await expect(reading).resolves.toBeDefined();
  });

  test("holds nobody up when the plant stops before its delay is over", async () => {
    const reading = badly({ kind: "delay", delayMs: 500_000 });
    await until(() => clock.waiting.includes("delayed answer"), "the answer to be held");
    await plant.stop();
    expect(clock.waiting).toEqual([]);
    await expect(reading).rejects.toBeDefined();
  });

  test("and is slow answers byte by byte", async () => {
    plant.setFault(1, { kind: "slow", byteEveryMs: 100 });
    const reading = client.readHoldingRegisters(0, 2);
    await until(() => clock.waiting.includes("slow answer"), "the answer to begin");
    expect(clock.waiting.filter((name) => name === "slow answer")).toHaveLength(13);
    await clock.advance(1300);
    await expect(reading).resolves.toBeDefined();
  });

  test("swaps its words", async () => {
    const { data } = await client.readHoldingRegisters(0, 2);
    const swapped = await badly({ kind: "word-order" });
    expect(swapped.data).toEqual(data.toReversed());
  });

  test.each([
    ["garbage", (sound: Buffer, got: Buffer) => got.length === sound.length && !got.equals(sound)],
    ["short", (sound: Buffer, got: Buffer) => got.equals(sound.subarray(0, 10))],
    ["wrong-id", (sound: Buffer, got: Buffer) => got[6] === 2 && differences(sound, got) === 1],
    [
      "wrong-transaction",
      (sound: Buffer, got: Buffer) =>
        got.readUInt16BE(0) === 0x1235 && differences(sound, got) === 1,
    ],
  ] as const)("sends %s", async (kind, isWrong) => {
    const sound = await rawRead();
    plant.setFault(1, { kind });
    expect(isWrong(sound, await rawRead())).toBe(true);
  });

  test("leaves a connection half open, and a new one works until it asks the unit", async () => {
    await expect(badly({ kind: "half-open" })).rejects.toMatchObject({ errno: "ETIMEDOUT" });
    client.setID(2);
    await expect(client.readHoldingRegisters(0, 2)).rejects.toMatchObject({ errno: "ETIMEDOUT" });
    const other = new ModbusClient();
    await other.connectTCP(HOST, { port });
    other.setID(2);
    await expect(other.readHoldingRegisters(0, 2)).resolves.toBeDefined();
    other.close(() => {});
  });
});

function differences(a: Buffer, b: Buffer): number {
  return [...a].filter((byte, index) => byte !== b[index]).length;
}

/** The bytes that come back for a read of two registers of unit 1, transaction 0x1234. */
async function rawRead(): Promise<Buffer> {
  const socket = connect({ host: HOST, port });
  socket.write(Buffer.from("123400000006010300000002", "hex"));
  const bytes = await new Promise<Buffer>((resolve) => {
    socket.once("data", resolve);
  });
  socket.destroy();
  return bytes;
}

async function compareWithMbpoll(): Promise<void> {
  const values = units().get(1)?.device.sample(clock.now()) ?? new Float64Array();
  const args = ["-m", "tcp", "-p", String(port), "-a", "1", "-1", "-r", "1", "-c", "5"];
  const { stdout } = await promisify(execFile)("mbpoll", [...args, "-t", "4:float", "-B", HOST]);
  const read = [...stdout.matchAll(/^\[\d+\]:\s+(\S+)$/gm)].map(([, text]) => Number(text));
  // mbpoll prints six significant digits.
  const expected = [...values.subarray(0, 5)].map((value) => Math.fround(value).toPrecision(6));
  expect(read).toEqual(expected.map(Number));
}
