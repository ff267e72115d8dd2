/** Which device templates fit a device, by what it holds in the registers that they name as marks. */
import type { TemplateMark } from "#config/gateway/device-template.ts";
import { tag } from "#config/gateway/tag.ts";
import type { DeviceTemplate } from "#config/loading/template-shelf.ts";
import type { Value } from "#core/reading.ts";
import { createPoint, type Point, type Span } from "./point.ts";
import { NotAValue } from "./register-types.ts";

/** Reads a stretch of the device; undefined where it refuses, or does not answer. */
export type ReadSpan = (span: Span) => Promise<Uint8Array | undefined>;

/** Names of the templates that fit, in the order given. One without marks never does. */
export async function recognise(
  templates: readonly DeviceTemplate[],
  read: ReadSpan,
): Promise<string[]> {
  const readOnce = remembering(read);
  const fitting: string[] = [];
  for (const { name, settings } of templates) {
    if (await fitsAll(settings.identify, readOnce)) fitting.push(name);
  }
  return fitting;
}

async function fitsAll(marks: readonly TemplateMark[], read: ReadSpan): Promise<boolean> {
  for (const mark of marks) {
    const point = pointOf(mark);
    const data =
      point && (await read({ table: point.table, start: point.start, size: point.size }));
    if (!data || !fits(mark, point.decode(data, 0))) return false;
  }
  return marks.length > 0;
}

function pointOf({ equals: _equals, range: _range, ...address }: TemplateMark): Point | undefined {
  return createPoint("mark", tag.parse(address));
}

function fits({ equals, range }: TemplateMark, value: Value | NotAValue): boolean {
  if (value instanceof NotAValue) return false;
  if (equals !== undefined) return value === equals;
  return range !== undefined && typeof value === "number" && value >= range[0] && value <= range[1];
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
