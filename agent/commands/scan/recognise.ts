/** Which templates fit a unit: what their marks name is read, and compared. */
import type { GuestLink } from "#agent/sources/modbus/link.ts";
import { createPoint } from "#agent/sources/modbus/point.ts";
import { NotAValue } from "#agent/sources/modbus/register-types.ts";
import type { TemplateMark } from "#config/gateway/device-template.ts";
import { tag } from "#config/gateway/tag.ts";
import type { DeviceTemplate, TemplateShelf } from "#config/loading/template-shelf.ts";
import type { Value } from "#core/reading.ts";

export class Recognition {
  readonly #templates: readonly DeviceTemplate[];

  constructor(shelf: TemplateShelf) {
    const found = shelf.names().flatMap((name) => shelf.find(name) ?? []);
    // What has more marks, and exact ones, tells more.
    this.#templates = found
      .filter(({ settings }) => settings.identify.length > 0)
      .toSorted((a, b) => weightOf(b) - weightOf(a));
  }

  /** Names of the templates all of whose marks fit, the most telling first. */
  async fitting(link: GuestLink, unit: number, timeoutMs: number): Promise<string[]> {
    const known = new Map<string, Promise<Value | undefined>>();
    const valueOf = (mark: TemplateMark): Promise<Value | undefined> => {
      const key = JSON.stringify(mark);
      const value = known.get(key) ?? readMark(link, unit, mark, timeoutMs);
      known.set(key, value);
      return value;
    };
    const names: string[] = [];
    for (const { name, settings } of this.#templates) {
      if (await allFit(settings.identify, valueOf)) names.push(name);
    }
    return names;
  }
}

async function allFit(
  marks: readonly TemplateMark[],
  valueOf: (mark: TemplateMark) => Promise<Value | undefined>,
): Promise<boolean> {
  for (const mark of marks) {
    if (!fits(mark, await valueOf(mark))) return false;
  }
  return true;
}

/** What could not be read fits nothing. */
function fits({ equals, range }: TemplateMark, value: Value | undefined): boolean {
  if (value === undefined || value === null) return false;
  if (equals !== undefined && value !== equals) return false;
  if (range === undefined) return true;
  return typeof value === "number" && value >= range[0] && value <= range[1];
}

async function readMark(
  link: GuestLink,
  unit: number,
  { equals: _equals, range: _range, ...address }: TemplateMark,
  timeoutMs: number,
): Promise<Value | undefined> {
  const point = createPoint("mark", tag.parse(address));
  if (!point) return undefined;
  const { table, start, size } = point;
  const request = { unit, table, start, size, timeoutMaxMs: timeoutMs };
  const outcome = await link.read(request, timeoutMs);
  if (outcome.kind !== "answer") return undefined;
  const value = point.decode(outcome.data, 0);
  return value instanceof NotAValue ? undefined : value;
}

function weightOf({ settings }: DeviceTemplate): number {
  return settings.identify.reduce((sum, { equals }) => sum + (equals === undefined ? 1 : 3), 0);
}
