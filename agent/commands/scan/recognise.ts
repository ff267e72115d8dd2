/** Which templates fit a unit, by what it holds in the registers that they name as marks. Pure. */
import { createPoint, type Span } from "#agent/sources/modbus/point.ts";
import { NotAValue } from "#agent/sources/modbus/register-types.ts";
import type { TemplateMark } from "#config/gateway/device-template.ts";
import { tag } from "#config/gateway/tag.ts";
import type { DeviceTemplate, TemplateShelf } from "#config/loading/template-shelf.ts";
import type { Value } from "#core/reading.ts";

/** Reads a stretch of the unit; undefined where it refuses, or does not answer. */
export type ReadSpan = (span: Span) => Promise<Uint8Array | undefined>;

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
  async fitting(read: ReadSpan): Promise<string[]> {
    const readOnce = remembering(read);
    const names: string[] = [];
    for (const { name, settings } of this.#templates) {
      if (await allFit(settings.identify, readOnce)) names.push(name);
    }
    return names;
  }
}

async function allFit(marks: readonly TemplateMark[], read: ReadSpan): Promise<boolean> {
  for (const mark of marks) {
    if (!fits(mark, await valueOf(mark, read))) return false;
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

async function valueOf(
  { equals: _equals, range: _range, ...address }: TemplateMark,
  read: ReadSpan,
): Promise<Value | undefined> {
  const point = createPoint("mark", tag.parse(address));
  if (!point) return undefined;
  const { table, start, size } = point;
  const data = await read({ table, start, size });
  const value = data && point.decode(data, 0);
  return value instanceof NotAValue ? undefined : value;
}

/** Templates share registers; a slow line is asked for each of them once. */
function remembering(read: ReadSpan): ReadSpan {
  const known = new Map<string, Promise<Uint8Array | undefined>>();
  return (span) => {
    const key = `${span.table} ${span.start} ${span.size}`;
    const answer = known.get(key) ?? read(span);
    known.set(key, answer);
    return answer;
  };
}

function weightOf({ settings }: DeviceTemplate): number {
  return settings.identify.reduce((sum, { equals }) => sum + (equals === undefined ? 1 : 3), 0);
}
