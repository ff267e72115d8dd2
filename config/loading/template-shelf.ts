/**
 * Finds device templates by name: first in the user's folder, then among those that come with the
 * program. A file is read when it is asked for, and once.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { systemCodeOf } from "#core/errors.ts";
import { checkTemplate } from "../checks/template-checks.ts";
import { type TemplateSettings, templateSchema } from "../gateway/device-template.ts";
import { entriesOf, mappingOf, type RawMapping } from "../yaml/raw.ts";
import { loadFile } from "./load-file.ts";

export interface DeviceTemplate {
  readonly name: string;
  /** Where it is from. */
  readonly file: string;
  readonly settings: TemplateSettings;
  /** As they stand in the file, without what only a template says of a tag. */
  readonly tags: Readonly<Record<string, RawMapping>>;
  /** Its other keys that a device has as well. */
  readonly device: RawMapping;
}

const OWN_FOLDER = join(import.meta.dirname, "../templates");
const SUFFIX = ".yaml";

/** Keys that a template shares with a device. */
const DEVICE_KEYS = ["timeout", "pause", "maxRegisters"] as const;

export class TemplateShelf {
  readonly #folders: readonly string[];
  readonly #found = new Map<string, DeviceTemplate | undefined>();

  /** @param folder the user's own templates; may be missing */
  constructor(folder?: string) {
    this.#folders = folder === undefined ? [OWN_FOLDER] : [folder, OWN_FOLDER];
  }

  /** All there are, in alphabetical order. */
  names(): string[] {
    const files = this.#folders.flatMap(filesIn).filter((file) => file.endsWith(SUFFIX));
    return [...new Set(files.map((file) => file.slice(0, -SUFFIX.length)))].toSorted();
  }

  /**
   * Undefined when there is none of that name.
   * @throws ConfigError CONFIG_UNREADABLE, CONFIG_INVALID: the template's file has faults
   */
  find(name: string): DeviceTemplate | undefined {
    if (!this.#found.has(name)) this.#found.set(name, this.#read(name));
    return this.#found.get(name);
  }

  #read(name: string): DeviceTemplate | undefined {
    const file = `${name}${SUFFIX}`;
    const folder = this.#folders.find((candidate) => filesIn(candidate).includes(file));
    return folder === undefined ? undefined : readTemplate(name, join(folder, file));
  }
}

function readTemplate(name: string, path: string): DeviceTemplate {
  const kind = { schema: templateSchema, check: checkTemplate };
  const { settings, data } = loadFile(path, { environment: {} }, kind);
  const written = mappingOf(data);
  const tags = entriesOf(written["tags"]).map(([tag, raw]) => [tag, withoutOrigin(raw)]);
  const device = DEVICE_KEYS.filter((key) => key in written).map((key) => [key, written[key]]);
  return {
    name,
    file: path,
    settings,
    tags: Object.fromEntries(tags),
    device: Object.fromEntries(device),
  };
}

function withoutOrigin({ source: _source, verified: _verified, ...tag }: RawMapping): RawMapping {
  return tag;
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
}
