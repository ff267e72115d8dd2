/**
 * Puts a template's tags where a device names it. What the device says of a tag is laid over what the
 * template says, key by key; a tag's new address takes the place of the template's.
 */
import { join } from "node:path";
import { ConfigError, type Fault } from "../faults/faults.ts";
import { nearest } from "../faults/nearest.ts";
import { ADDRESS_KEYS, REGISTER_ONLY, shiftAddresses } from "../gateway/modbus-address.ts";
import { entriesOf, isMapping, mappingOf, type RawMapping, textOf } from "../yaml/raw.ts";
import type { Problem } from "../yaml/yaml-tree.ts";
import type { Expanded } from "./file-kind.ts";
import { type DeviceTemplate, TemplateShelf } from "./template-shelf.ts";

const FOLDER_DEFAULT = "templates";

/** The folder of the user's templates, by what the gateway's file says. */
export function templateFolder(file: RawMapping, fileFolder: string): string {
  const folder = textOf(file["templates"]) ?? FOLDER_DEFAULT;
  return folder.startsWith("/") ? folder : join(fileFolder, folder);
}

/** @param fileFolder where the gateway's file is */
export function expandTemplates(data: unknown, fileFolder: string): Expanded {
  const file = mappingOf(data);
  const users = entriesOf(file["devices"]).filter(([, device]) => "template" in device);
  if (users.length === 0) return { data, problems: [], faults: [] };
  const shelf = new TemplateShelf(templateFolder(file, fileFolder));
  const expansion = new Expansion(shelf);
  const devices = Object.fromEntries(
    users.map(([name, device]) => [name, expansion.expand(name, device)]),
  );
  const { problems, faults } = expansion;
  const all = { ...mappingOf(file["devices"]), ...devices };
  return { data: { ...file, devices: all }, problems, faults: [...faults.values()].flat() };
}

class Expansion {
  readonly problems: Problem[] = [];
  /** By the template that has them, or the same would be said once a device. */
  readonly faults = new Map<string, readonly Fault[]>();
  readonly #shelf: TemplateShelf;

  constructor(shelf: TemplateShelf) {
    this.#shelf = shelf;
  }

  /** The device as if its file said all that the template says. */
  expand(name: string, device: RawMapping): RawMapping {
    const wanted = textOf(device["template"]);
    if (wanted === undefined) return device;
    const template = this.#find(name, wanted);
    if (!template) return withoutTags(device);
    const tags = this.#tagsOf(name, device, template);
    return { ...template.device, ...device, tags };
  }

  #find(device: string, name: string): DeviceTemplate | undefined {
    if (this.faults.has(name)) return undefined;
    try {
      const template = this.#shelf.find(name);
      if (!template) this.problems.push(this.#unknown(device, name));
      return template;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.faults.set(name, error.faults);
      return undefined;
    }
  }

  #unknown(device: string, name: string): Problem {
    const known = this.#shelf.names();
    const near = nearest(name, known);
    return {
      path: ["devices", device, "template"],
      on: "value",
      message: `there is no device template "${name}"`,
      suggestion: near === undefined ? `there are: ${known.join(", ")}` : `did you mean "${near}"?`,
    };
  }

  #tagsOf(name: string, device: RawMapping, template: DeviceTemplate): unknown {
    const written = device["tags"];
    // What is no mapping is left for the schema to complain of.
    if (written !== undefined && !isMapping(written)) return written;
    const by = device["addressBase"] === 0 ? -1 : 0;
    const left = new Set(this.#leftOut(name, device, template));
    // A thousand devices of one kind share its tags: they are checked once.
    if (by === 0 && left.size === 0 && written === undefined) return template.tags;
    const tags = new Map<string, unknown>();
    for (const [tag, settings] of Object.entries(template.tags)) {
      if (!left.has(tag)) tags.set(tag, by === 0 ? settings : shiftAddresses(settings, by));
    }
    for (const [tag, own] of Object.entries(written ?? {})) {
      if (isMapping(own)) this.#checkKnown(name, tag, own, template);
      tags.set(tag, isMapping(own) ? laidOver(mappingOf(tags.get(tag)), own) : own);
    }
    return Object.fromEntries(tags);
  }

  /** A tag without an address of its own is meant to be one of the template's. */
  #checkKnown(device: string, tag: string, own: RawMapping, template: DeviceTemplate): void {
    const known = Object.keys(template.tags);
    const below = template.tags[tag];
    if (below) return this.#checkKind(device, tag, own, below);
    if (ADDRESS_KEYS.some((key) => key in own)) return;
    const near = nearest(tag, known);
    this.problems.push({
      path: ["devices", device, "tags", tag],
      on: "key",
      message: `the template "${template.name}" has no tag "${tag}", and it has no address of its own`,
      suggestion: near === undefined ? `it has: ${known.join(", ")}` : `did you mean "${near}"?`,
    });
  }

  /** What a template says of registers says nothing of a coil, and nobody wrote it here. */
  #checkKind(device: string, tag: string, own: RawMapping, below: RawMapping): void {
    const bit = ["coil", "discrete"].find((key) => key in own);
    const ofRegisters = REGISTER_ONLY.find((key) => key in below);
    if (bit === undefined || ofRegisters === undefined) return;
    const says = `${ofRegisters}: ${String(below[ofRegisters])}`;
    this.problems.push({
      path: ["devices", device, "tags", tag],
      on: "key",
      message: `in the template "${tag}" is a register (${says}), and a ${bit} is one bit`,
      suggestion: `give it a "register"; or leave it out (leaveOut: [${tag}]), and give the ${bit} a name of its own`,
    });
  }

  #leftOut(name: string, device: RawMapping, template: DeviceTemplate): unknown[] {
    const { leaveOut } = device;
    if (!Array.isArray(leaveOut)) return [];
    const known = Object.keys(template.tags);
    leaveOut.forEach((tag: unknown, i) => {
      if (typeof tag !== "string" || known.includes(tag)) return;
      const near = nearest(tag, known);
      this.problems.push({
        path: ["devices", name, "leaveOut", i],
        on: "value",
        message: `the template "${template.name}" has no tag "${tag}"`,
        suggestion: near === undefined ? `it has: ${known.join(", ")}` : `did you mean "${near}"?`,
      });
    });
    return leaveOut;
  }
}

/** Laid over nothing, they would lack what the template has. */
function withoutTags({ tags: _tags, ...device }: RawMapping): RawMapping {
  return device;
}

function laidOver(below: RawMapping, own: RawMapping): RawMapping {
  const isMoved = ADDRESS_KEYS.some((key) => key in own);
  const kept = Object.entries(below).filter(
    ([key]) => !isMoved || !ADDRESS_KEYS.some((address) => address === key),
  );
  return { ...Object.fromEntries(kept), ...own };
}
