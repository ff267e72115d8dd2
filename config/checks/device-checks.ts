/** Devices against the buses that they name, and against each other. */

import { nearest } from "../faults/nearest.ts";
import { entriesOf, isMapping, mappingOf, numberOf, type RawMapping, textOf } from "../yaml/raw.ts";
import type { Outline, Path, Problem } from "../yaml/yaml-tree.ts";
import { checkLimits, checkRange } from "./limit-checks.ts";
import { checkModbusTag } from "./modbus-tag-checks.ts";
import { groupsOf } from "./serial-checks.ts";

const UNIT_DEFAULT = 1;

interface DeviceContext {
  readonly name: string;
  readonly path: Path;
  readonly device: RawMapping;
  readonly buses: RawMapping;
  readonly outline: Outline;
  /** Tags that several devices share, and that are right for a Modbus device which counts from 1. */
  readonly sound: Set<unknown>;
}

export function checkDevices(file: RawMapping, outline: Outline): Problem[] {
  const buses = mappingOf(file["buses"]);
  const owners = new Map<string, string>();
  const sound = new Set<unknown>();
  const problems: Problem[] = [];
  for (const [name, device] of entriesOf(file["devices"])) {
    const context = { name, path: ["devices", name], device, buses, outline, sound };
    problems.push(...checkDevice(context), ...checkAddress(context, owners));
  }
  return problems;
}

function checkDevice(context: DeviceContext): Problem[] {
  const { path, device, buses, sound } = context;
  const limits = sound.has(device["tags"]) ? [] : checkTags(path, device);
  limits.push(...checkDetect(context));
  if ("leaveOut" in device && !("template" in device)) limits.push(leaveOutAlone(path));
  const busName = textOf(device["bus"]);
  if (busName === undefined) return [...limits, ...checkWithoutBus(context)];
  const bus = mappingOf(buses[busName]);
  if (!Object.hasOwn(buses, busName)) return [...limits, unknownBus(path, busName, buses)];
  if ("serial" in bus) return [...limits, ...checkOnSerial(context, bus)];
  if (!("modbus" in bus)) return limits;
  if (sound.has(device["tags"]) && device["addressBase"] !== 0) return limits;
  const found = [...limits, ...checkOnModbus(context)];
  const isSound = found.length === 0 && isMapping(device["tags"]);
  if (isSound && device["addressBase"] !== 0) sound.add(device["tags"]);
  return found;
}

function checkTags(path: Path, device: RawMapping): Problem[] {
  const found: Problem[] = [];
  for (const [tag, { limits, range }] of entriesOf(device["tags"])) {
    if (limits === undefined && range === undefined) continue;
    const at = [...path, "tags", tag];
    found.push(
      ...checkLimits([...at, "limits"], mappingOf(limits)),
      ...checkRange([...at, "range"], range),
    );
  }
  return found;
}

/** On a bus all tags are known; who publishes by MQTT may have more than the file names. */
function checkDetect({ path, device, buses }: DeviceContext): Problem[] {
  const { while: gate, group } = mappingOf(device["detect"]);
  const bus = mappingOf(buses[textOf(device["bus"]) ?? ""]);
  if (!("modbus" in bus) || hasUnknownTags(device)) return [];
  const tags = Object.keys(mappingOf(device["tags"]));
  const members: unknown[] = Array.isArray(group) ? group : [];
  return [
    ...unknownTag([...path, "detect", "while"], gate, tags),
    ...members.flatMap((tag, i) => unknownTag([...path, "detect", "group", i], tag, tags)),
  ];
}

function unknownTag(path: Path, named: unknown, tags: readonly string[]): Problem[] {
  const tag = textOf(named);
  if (tag === undefined || tags.includes(tag)) return [];
  const near = nearest(tag, tags);
  const suggestion = near ? `did you mean "${near}"?` : `its tags are: ${tags.join(", ")}`;
  return [{ path, on: "value", message: `the device has no tag "${tag}"`, suggestion }];
}

/** Its template could not be put in, which is said already. */
function hasUnknownTags(device: RawMapping): boolean {
  return "template" in device && !("tags" in device);
}

function leaveOutAlone(path: Path): Problem {
  const message = '"leaveOut" is for tags of a template, and the device names none';
  const suggestion = 'name one: "template: NAME"; a tag of its own need not be written at all';
  return { path: [...path, "leaveOut"], on: "key", message, suggestion };
}

/** @param path of what names the bus */
export function unknownBus(path: Path, bus: string, buses: RawMapping): Problem {
  const known = Object.keys(buses);
  const near = nearest(bus, known);
  let suggestion = "describe it below the top-level key buses";
  if (near !== undefined) suggestion = `did you mean "${near}"?`;
  else if (known.length > 0) suggestion = `the buses are: ${known.join(", ")}`;
  return { path: [...path, "bus"], on: "value", message: `there is no bus "${bus}"`, suggestion };
}

function checkOnModbus({ path, device }: DeviceContext): Problem[] {
  const tags = entriesOf(device["tags"]);
  const base = device["addressBase"] === 0 ? 0 : 1;
  if (hasUnknownTags(device)) return [];
  if (tags.length > 0) {
    return tags.flatMap(([tag, raw]) => checkModbusTag([...path, "tags", tag], raw, base));
  }
  const suggestion = 'add tags, such as "tags: { power: { register: 40001, type: float32 } }"';
  const message = "the device has no tags, so nothing is read from it";
  return [{ path, on: "key", message, suggestion }];
}

const REMOVE = "remove it: a tag of a serial line is a group of the bus's pattern";
const MODBUS_ONLY = ["register", "coil", "discrete", "every", "writable"] as const;

function checkOnSerial({ path, device }: DeviceContext, bus: RawMapping): Problem[] {
  const groups = groupsOf(textOf(bus["match"]) ?? "");
  if (groups.length === 0) return [];
  return entriesOf(device["tags"]).flatMap(([tag, settings]): Problem[] => {
    const at = [...path, "tags", tag];
    const address = MODBUS_ONLY.find((key) => key in settings);
    if (address !== undefined)
      return [notModbus([...at, address], "this one is on a serial line", REMOVE)];
    if (groups.includes(tag)) return [];
    const near = nearest(tag, groups);
    const message = `the bus's pattern has no group "${tag}"`;
    const suggestion = near ? `did you mean "${near}"?` : `its groups are: ${groups.join(", ")}`;
    return [{ path: at, on: "key", message, suggestion }];
  });
}

/** A device without a bus publishes by MQTT: its tags describe what it sends. */
function checkWithoutBus({ path, device }: DeviceContext): Problem[] {
  const tags = entriesOf(device["tags"]);
  const polled = tags.flatMap(([tag, settings]) => {
    const address = MODBUS_ONLY.find((key) => key in settings);
    return address === undefined ? [] : [[...path, "tags", tag, address]];
  });
  const [first] = polled;
  return first ? [notModbus(first, "this one has no bus", 'name the bus: "bus: NAME"')] : [];
}

function notModbus(path: Path, why: string, suggestion: string): Problem {
  const message = `"${String(path.at(-1))}" is for a device on a Modbus bus, and ${why}`;
  return { path, on: "key", message, suggestion };
}

/** Two devices behind one address would each get half of the other's readings. */
function checkAddress(context: DeviceContext, owners: Map<string, string>): Problem[] {
  const { name, path, device, buses, outline } = context;
  const busName = textOf(device["bus"]);
  const unit = "unit" in device ? numberOf(device["unit"]) : UNIT_DEFAULT;
  if (busName === undefined || !Object.hasOwn(buses, busName) || unit === undefined) return [];
  const isSerial = "serial" in mappingOf(buses[busName]);
  const address = isSerial ? busName : `${busName} ${unit}`;
  const owner = owners.get(address);
  if (owner === undefined) {
    owners.set(address, name);
    return [];
  }
  const place = outline.placeOf(["devices", owner]);
  if (isSerial) {
    const message = `device "${owner}" (${place}) is on this serial line already`;
    const suggestion = "a serial line has one device";
    return [{ path: [...path, "bus"], on: "value", message, suggestion }];
  }
  const message = `bus "${busName}", unit ${unit} is device "${owner}" already (${place})`;
  const suggestion = "give it its own unit, or put all tags below one device";
  return [{ path: [...path, "unit"], on: "value", message, suggestion }];
}
