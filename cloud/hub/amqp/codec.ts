/**
 * The narrow part of rhea's codec that the hub uses: typed values, their reader and their writer.
 * Connection, session and link state are the hub's own (docs/decisions/0002).
 *
 * Invariant: `decodeValue` is only called on bytes that `skipValue` has walked, because rhea's
 * reader trusts the announced sizes and counts.
 */
import rhea from "rhea";

/** A value with its AMQP type, as rhea represents it. */
export interface Typed {
  readonly value: unknown;
  readonly descriptor?: Typed;
  readonly type: { readonly typecode: number };
}

interface RheaTypes {
  Reader: new (bytes: Buffer) => { read(): Typed; position: number };
  Writer: new () => { write(value: Typed): void; toBuffer(): Buffer };
  Null(): Typed;
  wrap(value: unknown): Typed;
  wrap_array(items: readonly unknown[], typecode: number): Typed;
  wrap_boolean(value: boolean): Typed;
  wrap_binary(value: Buffer): Typed;
  wrap_int(value: number): Typed;
  wrap_long(value: number): Typed;
  wrap_short(value: number): Typed;
  wrap_string(value: string): Typed;
  wrap_symbol(value: string): Typed;
  wrap_symbolic_map(value: object): Typed;
  wrap_timestamp(valueMs: number): Typed;
  wrap_ubyte(value: number): Typed;
  wrap_uint(value: number): Typed;
  wrap_ulong(value: number): Typed;
  wrap_ushort(value: number): Typed;
  described(descriptor: Typed, value: Typed): Typed;
  unwrap(value: unknown, leaveDescribed?: boolean): unknown;
  is_map(value: Typed): boolean;
}

interface RheaMessage {
  encode(message: object): Buffer;
  decode(bytes: Buffer): Record<string, unknown>;
}

// The package's own typings leave out Reader and Writer, which its programs do export.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const exported = rhea as unknown as { types: RheaTypes; message: RheaMessage };

export const types: RheaTypes = exported.types;

const SYM8_TYPECODE = 0xa3;
const STR8_TYPECODE = 0xa1;
const LIST32_TYPECODE = 0xd0;
const LIST8_TYPECODE = 0xc0;
const LIST0_TYPECODE = 0x45;

export function symbolArray(names: readonly string[]): Typed {
  return types.wrap_array(names, SYM8_TYPECODE);
}

export function stringArray(texts: readonly string[]): Typed {
  return types.wrap_array(texts, STR8_TYPECODE);
}

export function describedList(code: number, fields: readonly (Typed | null)[]): Typed {
  const list = types.wrap(fields.map((field) => field ?? types.Null()));
  return types.described(types.wrap_ulong(code), list);
}

export function encodeValue(value: Typed): Buffer {
  const writer = new types.Writer();
  writer.write(value);
  return writer.toBuffer();
}

/** Reads one value at the start of `bytes`, which must have been walked before. */
export function decodeValue(bytes: Buffer): Typed {
  return new types.Reader(bytes).read();
}

export function isTyped(value: unknown): value is Typed {
  return typeof value === "object" && value !== null && "type" in value && "value" in value;
}

/** The fields of a described list, or `undefined` when it is something else. */
export function listFields(value: Typed | undefined): readonly Typed[] | undefined {
  const code = value?.type.typecode;
  if (code !== LIST32_TYPECODE && code !== LIST8_TYPECODE && code !== LIST0_TYPECODE)
    return undefined;
  return typedItems(value);
}

/** The items of a list, or the keys and values of a map. */
export function typedItems(value: Typed | undefined): readonly Typed[] {
  const items: unknown = value?.value;
  return Array.isArray(items) ? items.filter(isTyped) : [];
}

/** A plain JavaScript value, with described values left as they are. */
export function plain(value: Typed | undefined): unknown {
  return value === undefined ? undefined : types.unwrap(value, true);
}

export function encodeMessage(message: object): Buffer {
  return exported.message.encode(message);
}

export function decodeMessage(bytes: Buffer): Record<string, unknown> {
  return exported.message.decode(bytes);
}
