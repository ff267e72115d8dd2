/** `write DEVICE/TAG VALUE`: one value into a device, shown before and read back after. */
import type { GuestLink, ReadOutcome } from "#agent/sources/modbus/link.ts";
import { createPoint } from "#agent/sources/modbus/point.ts";
import { NotAValue } from "#agent/sources/modbus/register-types.ts";
import { NotWritable, type Writing, writingOf } from "#agent/sources/modbus/value-words.ts";
import {
  type CommandIo,
  declareCommand,
  JSON_OPTION,
  Misuse,
} from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { manualAddress } from "#config/gateway/modbus-address.ts";
import type { TagSettings } from "#config/gateway/tag.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import type { Value } from "#core/reading.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { isConfirmed } from "../confirm.ts";
import { accessBus, frameWriter, watched } from "./bus-access.ts";
import { adviceFor, writeAdviceFor } from "./reason-advice.ts";
import { type Target, targetOf } from "./target.ts";

export const writeCommand = declareCommand({
  name: "write",
  operands: "DEVICE/TAG VALUE",
  operandCount: [2, 2],
  summary: "writes one value into a Modbus device; asks before it does",
  description: `Only a tag that says "writable: true" in the file is written, within its range, in its own unit and
scale. What the device holds now is shown first; then it is written, by the running agent between its
polls, else by this command, and read back. Exit code: 1 where the device does not hold it afterwards.`,
  options: {
    ...CONFIG_OPTION,
    ...JSON_OPTION,
    yes: { type: "boolean", default: false, means: "do not ask" },
    verbose: { type: "boolean", short: "v", default: false, means: "each frame, in hexadecimal" },
  },
  examples: [
    { line: "penstock write oven-2/setpoint 180", does: "shows the old value, and asks" },
    { line: "penstock write oven-2/setpoint --yes -- -5", does: "a negative value, unasked" },
  ],
  run: async ({ values, operands, io }) => {
    const settings = loadGateway(configFileOf(values.config, io.env));
    const [where = "", text = ""] = operands;
    const target = targetOf(where, settings);
    const place = placeOf(where, target, text);
    const { bus } = place;
    const asked = { bus: bus.name, settings: bus.settings, bufferPath: settings.buffer.path };
    const access = await accessBus({ ...asked, signal: io.signal });
    try {
      const link = watched(access.link, frameWriter(values.verbose, io.stderr));
      return await write({ where, place, link, yes: values.yes, json: values.json, io });
    } finally {
      await access.close();
    }
  },
});

type ModbusBus = Extract<NonNullable<Target["bus"]>["settings"], { modbus: string }>;

interface WritePlace {
  readonly bus: { readonly name: string; readonly settings: ModbusBus };
  readonly unit: number;
  readonly timeoutMs: number;
  readonly tag: TagSettings;
  readonly writing: Writing;
}

/** @throws Misuse where nothing may be written */
function placeOf(where: string, { tag: name, device, bus }: Target, text: string): WritePlace {
  if (name === undefined) throw new Misuse(`"${where}": expected DEVICE/TAG`);
  if (!bus || !("modbus" in bus.settings)) throw new Misuse(`${where} is on no Modbus bus.`);
  const tag = device.tags[name];
  if (tag?.writable !== true) {
    throw new Misuse(`${where} may not be written. If it may, add "writable: true" to the tag.`);
  }
  const timeoutMs = device.timeout ?? bus.settings.timeout;
  const settings = bus.settings;
  try {
    const writing = writingOf(tag, text);
    return { bus: { name: bus.name, settings }, unit: device.unit, timeoutMs, tag, writing };
  } catch (error) {
    if (!(error instanceof NotWritable)) throw error;
    throw new Misuse(`${where}: ${error.message}.`);
  }
}

interface Write {
  readonly where: string;
  readonly place: WritePlace;
  readonly link: GuestLink;
  readonly yes: boolean;
  readonly json: boolean;
  readonly io: CommandIo;
}

async function write(asked: Write): Promise<number> {
  const { where, place, link, yes, io } = asked;
  const { unit, timeoutMs, tag, writing } = place;
  const { address, words } = writing;
  const before = await readBack(link, place);
  if (before.kind !== "held") return unreadable(where, before.reason, io);
  const change = `${where}: ${shown(before.value, tag)} → ${shown(writing.value, tag)}`;
  const how = `${manualAddress(address)}, unit ${unit}, function code ${functionCodeOf(writing)}`;
  if (!yes && !(await isConfirmed(`Write ${change} (${how})?`, io))) {
    io.stderr.write("Nothing was written.\n");
    return EXIT.failed;
  }
  const table = address.table === "coil" ? "coil" : "holding";
  const request = { unit, table, start: address.start, words, timeoutMaxMs: timeoutMs } as const;
  const refusal = refusalOf(await link.write(request, timeoutMs));
  if (refusal !== undefined) io.stderr.write(`${refusal}\n`);
  return tell(asked, before.value, change, await readBack(link, place));
}

function unreadable(where: string, reason: string, { stderr }: CommandIo): number {
  stderr.write(`Nothing was written: what ${where} holds now cannot be read (${reason}).\n`);
  const advice = adviceFor(reason);
  if (advice !== undefined) stderr.write(`${advice}\n`);
  return EXIT.failed;
}

/** What counts is what the device holds, and not what it answered. */
function tell(
  { where, place, json, io }: Write,
  before: Value,
  change: string,
  after: Held,
): number {
  const { tag, writing } = place;
  const isHeld = after.kind === "held" && after.words.every((word, i) => word === writing.words[i]);
  if (json) {
    const held = after.kind === "held" ? after.value : null;
    const result = { where, before, written: writing.value, after: held, isHeld };
    io.stdout.write(`${JSON.stringify(result)}\n`);
  } else if (isHeld) {
    io.stdout.write(`${change}\n`);
  }
  if (isHeld) return EXIT.fine;
  const found =
    after.kind === "held" ? `holds ${shown(after.value, tag)}` : `cannot be read (${after.reason})`;
  io.stderr.write(`It was not taken: ${where} ${found}.\n`);
  return EXIT.failed;
}

type Held =
  | { kind: "held"; words: readonly number[]; value: Value }
  | { kind: "unknown"; reason: string };

async function readBack(link: GuestLink, place: WritePlace): Promise<Held> {
  const { unit, timeoutMs, tag, writing } = place;
  const { table, start } = writing.address;
  const size = writing.words.length;
  const request = { unit, table, start, size, timeoutMaxMs: timeoutMs };
  const outcome = await link.read(request, timeoutMs);
  if (outcome.kind === "exception") return { kind: "unknown", reason: `exception ${outcome.code}` };
  if (outcome.kind !== "answer") return { kind: "unknown", reason: outcome.kind };
  const data = Buffer.from(outcome.data);
  const words =
    table === "coil"
      ? [data.readUInt8(0) & 1]
      : Array.from({ length: size }, (_, i) => data.readUInt16BE(2 * i));
  const value = createPoint("", tag)?.decode(data, 0);
  return { kind: "held", words, value: value instanceof NotAValue ? null : (value ?? null) };
}

function refusalOf(outcome: ReadOutcome): string | undefined {
  if (outcome.kind === "answer") return undefined;
  if (outcome.kind === "exception") {
    return `Refused (exception ${outcome.code}): ${writeAdviceFor(outcome.code)}.`;
  }
  return `The device did not confirm it (${outcome.kind}): it may have taken it all the same.`;
}

/** Modbus Application Protocol v1.1b3, sections 6.5, 6.6 and 6.12. */
function functionCodeOf({ address, words }: Writing): number {
  if (address.table === "coil") return 5;
  return words.length === 1 ? 6 : 16;
}

function shown(value: Value, { unit }: TagSettings): string {
  const text = value === null ? "no value" : String(value);
  return unit === undefined || value === null ? text : `${text} ${unit}`;
}
