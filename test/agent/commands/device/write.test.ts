/** `write` against a device that may be written, with and without a running agent in between. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { writeCommand } from "#agent/commands/device/write.ts";
import { peerTest, pymodbus } from "#test/support/peer.ts";
import { type CommandOutcome, runCommand } from "#test/support/run-command.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import {
  exceptionAnswer,
  FakeDevice,
  frame,
  registersAnswer,
} from "../../sources/modbus/fake-device.ts";
import { PymodbusServer } from "../../sources/modbus/pymodbus-server.ts";
import { makeLife } from "../run/make-life.ts";

vi.setConfig({ testTimeout: 30_000 });

/** What the device does with a word that it is told to hold. */
let taken: (word: number) => number | "refused" | "silent";
let words: Map<number, number>;
let writes: number[];
let file: string;

beforeEach(async () => {
  taken = (word) => word;
  words = new Map([[1, 300]]);
  writes = [];
  const device = new FakeDevice((request, socket) => {
    const { functionCode, start, size, data } = request;
    if (functionCode === 1) {
      const bit = words.get(1000 + start) ? 1 : 0;
      return void socket.write(frame(request.transaction, request.unit, [1, 1, bit]));
    }
    if (functionCode <= 4) {
      if (start === 66) return void socket.write(exceptionAnswer(request, 2));
      return void socket.write(registersAnswer(request, (address) => words.get(address) ?? 0));
    }
    writes.push(functionCode);
    const told = data ? Array.from({ length: size }, (_, i) => data.readUInt16BE(2 * i)) : [size];
    const kept = told.map(taken);
    if (kept.includes("refused")) return void socket.write(exceptionAnswer(request, 3));
    if (kept.includes("silent")) return;
    const at = functionCode === 5 ? 1000 + start : start;
    kept.forEach((word, i) => words.set(at + i, Number(word)));
    const confirmed = [functionCode, start >> 8, start & 0xff, size >> 8, size & 0xff];
    socket.write(frame(request.transaction, request.unit, confirmed));
  });
  const port = await device.listen();
  onTestFinished(() => device.close());
  file = await gatewayFile(port);
});

async function gatewayFile(port: number): Promise<string> {
  const folder = await tempFolder();
  const path = join(folder, "gateway.yaml");
  writeFileSync(
    path,
    `version: 1
gateway: hall-3
buffer: { path: ${join(folder, "buffer")}, minFreeDisk: 1MiB }
http: { listen: 127.0.0.1:0 }
buses:
  packer: { modbus: tcp, host: 127.0.0.1, port: ${port}, timeout: 300ms }
devices:
  oven:
    bus: packer
    unit: 3
    every: 100ms
    tags:
      setpoint: { register: 40002, type: int16, scale: 0.1, unit: °C, range: [0, 200], writable: true }
      limit: { register: 40011, type: float32, order: CDAB, writable: true }
      burner: { coil: 6, writable: true }
      hidden: { register: 40067, writable: true }
      temperature: { register: 40004, type: int16 }
  press: { tags: { force: { unit: kN } } }
`,
  );
  return path;
}

function write(...args: string[]): Promise<CommandOutcome> {
  return runCommand(writeCommand, ["--config", file, "--yes", ...args]);
}

/** A terminal on which somebody types this. */
function typed(answer: string): Readable {
  return Object.assign(Readable.from([Buffer.from(`${answer}\n`)]), { isTTY: true });
}

describe.each(["without an agent", "through a running agent"])("%s", (way) => {
  beforeEach(async () => {
    if (way === "without an agent") return;
    const life = makeLife(file);
    onTestFinished(() => life.stop());
    await life.start();
  });

  test("one register goes by function code 6, several by 16, a coil by 5", async () => {
    expect(await write("oven/setpoint", "71.2")).toEqual({
      code: 0,
      out: "oven/setpoint: 30 °C → 71.2 °C\n",
      err: "",
    });
    expect(await write("oven/limit", "71.2")).toMatchObject({ code: 0 });
    expect(await write("oven/burner", "on")).toMatchObject({
      code: 0,
      out: "oven/burner: false → true\n",
    });
    expect(writes).toEqual([6, 16, 5]);
    expect([words.get(1), words.get(10), words.get(11)]).toEqual([712, 0x6666, 0x428e]);
  });

  test("a device that keeps another value, or refuses it, is told of", async () => {
    taken = (word) => Math.min(word, 500);
    expect(await write("oven/setpoint", "71.2")).toEqual({
      code: 1,
      out: "",
      err: "It was not taken: oven/setpoint holds 50 °C.\n",
    });
    taken = () => "refused";
    expect(await write("oven/setpoint", "71.2")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^Refused \(exception 3\): the device refuses this value/),
    });
    taken = () => "silent";
    expect(await write("oven/setpoint", "71.2")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/did not confirm it \(timeout\).*\nIt was not taken: .*50 °C/),
    });
  });
});

describe("nothing is written", () => {
  test.each([
    [["oven/temperature", "5"], 'add "writable: true" to the tag'],
    [["oven/setpoint", "201"], "201 is outside of the tag's range, 0 to 200"],
    [["oven/setpoint", "--", "-5"], "-5 is outside of the tag's range"],
    [["oven/setpoint", "hot"], '"hot" is not a number'],
    [["oven", "5"], "expected DEVICE/TAG"],
    [["press/force", "5"], "press/force is on no Modbus bus"],
  ])("for %j", async (args, why) => {
    const { code, err } = await write(...args);
    expect(code).toBe(2);
    expect(err).toContain(why);
    expect(writes).toEqual([]);
  });

  test("where the old value cannot be read", async () => {
    const { code, err } = await write("oven/hidden", "5");
    expect(code).toBe(1);
    expect(err).toContain("what oven/hidden holds now cannot be read (exception 2)");
    expect(writes).toEqual([]);
  });

  test("unless somebody says yes, who is told of the old value and the register", async () => {
    const args = ["--config", file, "oven/setpoint", "71.2"];
    const refused = await runCommand(writeCommand, args, { stdin: typed("no") });
    const question =
      "Write oven/setpoint: 30 °C → 71.2 °C (40002, unit 3, function code 6)? [yes/no] ";
    expect(refused).toEqual({ code: 1, out: "", err: `${question}Nothing was written.\n` });
    expect(await runCommand(writeCommand, args)).toMatchObject({ code: 2 });
    expect(writes).toEqual([]);
    expect(await runCommand(writeCommand, args, { stdin: typed("yes") })).toMatchObject({
      code: 0,
    });
    expect(words.get(1)).toBe(712);
  });
});

test("for a script the outcome is one document", async () => {
  const { out } = await write("oven/setpoint", "71.2", "--json");
  expect(JSON.parse(out)).toEqual({
    where: "oven/setpoint",
    before: 30,
    written: 71.2,
    after: 71.2,
    isHeld: true,
  });
});

peerTest("pymodbus takes what is written, and gives it back", [pymodbus], async () => {
  const coils = Array.from({ length: 16 }, () => false);
  const server = await PymodbusServer.start({ 3: { words: [[0, Array(20).fill(7)]], coils } });
  onTestFinished(() => server.stop());
  file = await gatewayFile(server.port);
  expect(await write("oven/setpoint", "71.2")).toMatchObject({
    code: 0,
    out: "oven/setpoint: 0.7 °C → 71.2 °C\n",
  });
  expect(await write("oven/limit", "-12.5")).toMatchObject({ code: 2 });
  expect(await write("oven/limit", "--", "-12.5")).toMatchObject({ code: 0 });
  expect(await write("oven/burner", "on")).toMatchObject({ code: 0 });
});
