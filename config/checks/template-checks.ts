/** What a device template must fulfil beyond the shape of each of its parts. */

import { entriesOf, isMapping, mappingOf, type RawMapping } from "../yaml/raw.ts";
import type { Path, Problem } from "../yaml/yaml-tree.ts";
import { checkLimits, checkRange } from "./limit-checks.ts";
import { checkModbusTag } from "./modbus-tag-checks.ts";

export function checkTemplate(data: unknown): Problem[] {
  const template = mappingOf(data);
  const tags = entriesOf(template["tags"]);
  const { identify } = template;
  const marks: unknown[] = Array.isArray(identify) ? identify : [];
  return [
    ...tags.flatMap(([tag, settings]) => checkTag(["tags", tag], settings)),
    ...marks.flatMap((mark, i) => (isMapping(mark) ? checkMark(["identify", i], mark) : [])),
  ];
}

function checkTag(path: Path, settings: RawMapping): Problem[] {
  return [
    ...checkModbusTag(path, settings),
    ...checkLimits([...path, "limits"], mappingOf(settings["limits"])),
    ...checkRange([...path, "range"], settings["range"]),
  ];
}

/** A mark that says nothing of the value would fit any device that has the register. */
function checkMark(path: Path, mark: RawMapping): Problem[] {
  const address = checkModbusTag(path, mark);
  const expects = ["equals", "range"].filter((key) => key in mark);
  if (expects.length === 1) return address;
  const message = "a mark says what is in its register, by one of equals and range";
  const suggestion = 'such as "range: [45, 65]" for a frequency in Hz';
  return [...address, { path, on: "value", message, suggestion }];
}
