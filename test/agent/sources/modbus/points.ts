import type { Point } from "#agent/sources/modbus/point.ts";
import type { Table } from "#config/gateway/modbus-address.ts";

/** A point for tests of what does not decode. */
export function point(start: number, size = 1, table: Table = "holding"): Point {
  return { tag: `${table}-${start}`, table, start, size, decode: () => 0 };
}
