/**
 * Looks into data that may have any shape: the cross checks run beside the schema, so that one
 * reading of the messages is enough, and must not trip over what the schema complains about.
 */
export type RawMapping = Readonly<Record<string, unknown>>;

export function isMapping(value: unknown): value is RawMapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function mappingOf(value: unknown): RawMapping {
  return isMapping(value) ? value : {};
}

export function entriesOf(value: unknown): [name: string, value: RawMapping][] {
  return Object.entries(mappingOf(value)).map(([name, item]) => [name, mappingOf(item)]);
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
