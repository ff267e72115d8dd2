/** `probe DEVICE REGISTER`: what a register may hold, when the manual does not say it clearly. */

import {
  type Interpretation,
  interpret,
  REGISTERS_WIDEST,
} from "#agent/sources/modbus/interpretations.ts";
import type { GuestLink, ReadOutcome } from "#agent/sources/modbus/link.ts";
import {
  type CommandIo,
  declareCommand,
  JSON_OPTION,
  Misuse,
} from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { type Address, registerAddress } from "#config/gateway/modbus-address.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { accessBus, frameWriter, watched } from "./bus-access.ts";
import { bestOf, probeTable, yamlOf } from "./probe-table.ts";
import { adviceFor } from "./reason-advice.ts";
import { type Target, targetOf } from "./target.ts";

const SUGGESTIONS_MAX = 3;

export const probeCommand = declareCommand({
  name: "probe",
  operands: "DEVICE REGISTER|TAG",
  operandCount: [2, 2],
  summary: "one table of what a register may hold: every type, word order and address beside",
  description: `For a value that is absurd, or a manual that is unclear. "*" marks what looks like a measured value;
with --expect, "<==" marks what the device displays, also scaled by a power of ten.`,
  options: {
    ...CONFIG_OPTION,
    ...JSON_OPTION,
    expect: { type: "string", short: "e", value: "VALUE", means: "what the device displays" },
    verbose: { type: "boolean", short: "v", default: false, means: "each frame, in hexadecimal" },
  },
  examples: [
    { line: "penstock probe oven-2 40001", does: "a register, as the manual writes it" },
    { line: "penstock probe oven-2 temperature --expect 71", does: "a tag whose value is absurd" },
  ],
  run: async ({ values, operands, io }) => {
    const settings = loadGateway(configFileOf(values.config, io.env));
    const [name = "", wanted = ""] = operands;
    const target = targetOf(name, settings);
    const register = registerOf(target, wanted);
    const address = registerAddress(register);
    if (!address) throw new Misuse(`${wanted} is no register: write it as 40001 or 30001.`);
    const expected = expectedOf(values.expect);
    const { bus, device } = target;
    if (!bus || !("modbus" in bus.settings)) throw new Misuse(`${name} is on no Modbus bus.`);
    const access = await accessBus({
      bus: bus.name,
      settings: bus.settings,
      bufferPath: settings.buffer.path,
      signal: io.signal,
    });
    try {
      const link = watched(access.link, frameWriter(values.verbose, io.stderr));
      const timeoutMs = device.timeout ?? bus.settings.timeout;
      const words = await readAround(link, device.unit, address, timeoutMs);
      if (words.read.size === 0) return nothing(words.last, io);
      const found = interpret(words.read);
      if (values.json) io.stdout.write(`${JSON.stringify({ register, found })}\n`);
      else show({ register, found, expected }, io);
      return EXIT.fine;
    } finally {
      await access.close();
    }
  },
});

function registerOf({ device, name }: Target, wanted: string): number {
  if (/^\d+$/.test(wanted)) return Number(wanted);
  const tag = Object.hasOwn(device.tags, wanted) ? device.tags[wanted] : undefined;
  if (tag?.register !== undefined) return tag.register;
  throw new Misuse(`${name} has no tag "${wanted}" with a register; a number is written as 40001.`);
}

function expectedOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new Misuse(`--expect ${text}: expected a number, such as 71.2`);
}

interface Around {
  /** Words by their place from the register that was asked for. */
  readonly read: ReadonlyMap<number, number>;
  readonly last: ReadOutcome;
}

/** All in one request; where the device refuses that, each register alone. */
async function readAround(
  link: GuestLink,
  unit: number,
  { table, start }: Address,
  timeoutMs: number,
): Promise<Around> {
  const first = Math.max(0, start - 1);
  const size = Math.min(start + 1 + REGISTERS_WIDEST, 0x1_0000) - first;
  const read = new Map<number, number>();
  const ask = async (from: number, count: number): Promise<ReadOutcome> => {
    const request = { table, unit, start: from, size: count, timeoutMaxMs: timeoutMs };
    const outcome = await link.read(request, timeoutMs);
    if (outcome.kind !== "answer") return outcome;
    const words = Buffer.from(outcome.data);
    for (let i = 0; i < count; i++) read.set(from - start + i, words.readUInt16BE(2 * i));
    return outcome;
  };
  let last = await ask(first, size);
  if (last.kind !== "exception") return { read, last };
  for (let i = 0; i < size; i++) {
    last = await ask(first + i, 1);
    if (last.kind !== "answer" && last.kind !== "exception") break;
  }
  return { read, last };
}

function nothing(outcome: ReadOutcome, { stderr }: CommandIo): number {
  const reason = outcome.kind === "exception" ? `exception ${outcome.code}` : "timeout";
  stderr.write(`Nothing could be read (${reason}): ${adviceFor(reason) ?? "see the device"}\n`);
  return EXIT.failed;
}

interface Probed {
  register: number;
  found: readonly Interpretation[];
  expected: number | undefined;
}

function show(probed: Probed, { stdout, stderr }: CommandIo): void {
  const { register, expected } = probed;
  stdout.write(`${probeTable(probed)}\n`);
  const best = bestOf(probed).slice(0, SUGGESTIONS_MAX);
  if (best.length === 0) {
    stderr.write(
      expected === undefined
        ? "Nothing looks like a measured value. Compare with the device's display: --expect VALUE.\n"
        : `Nothing here is ${expected}, also not scaled. Is it the right register?\n`,
    );
    return;
  }
  stderr.write(`${expected === undefined ? "Likely" : `What is ${expected}`}, to paste:\n`);
  for (const found of best) stderr.write(`  ${yamlOf(register, found)}   # ${found.value}\n`);
}
