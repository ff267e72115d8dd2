/** Which keys a schema knows at a path: what "did you mean" chooses from. */
import type { z } from "zod";

interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  /** What an object's other keys hold. */
  readonly catchall?: z.ZodType | undefined;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  /** Of a literal. */
  readonly values?: readonly unknown[];
}

type Shape = Readonly<Record<string, z.ZodType>>;

/** The shapes that an object may have at the path: several where the schema offers a choice. */
export function shapesAt(schema: z.ZodType, path: readonly PropertyKey[]): Shape[] {
  return schemasAt(schema, path).flatMap((found) => {
    const { shape } = definitionOf(found);
    return shape ? [shape] : [];
  });
}

function schemasAt(schema: z.ZodType, path: readonly PropertyKey[]): z.ZodType[] {
  let found = unwrap(schema);
  for (const step of path) found = found.flatMap((parent) => childrenOf(parent, step));
  return found;
}

function childrenOf(parent: z.ZodType, step: PropertyKey): z.ZodType[] {
  const { shape, catchall, valueType, element } = definitionOf(parent);
  const child = shape?.[String(step)] ?? catchall ?? valueType ?? element;
  return child ? unwrap(child) : [];
}

/** What a schema comes down to below defaults, options and transforms. */
function unwrap(schema: z.ZodType): z.ZodType[] {
  const { innerType, in: input, options } = definitionOf(schema);
  if (options) return options.flatMap(unwrap);
  const inner = innerType ?? input;
  return inner ? unwrap(inner) : [schema];
}

function definitionOf(schema: z.ZodType): Definition {
  return schema.def;
}

/** The value of a key that can have one value only. */
export function onlyValueOf(schema: z.ZodType): string | undefined {
  const [only] = unwrap(schema);
  const { type, values } = only ? definitionOf(only) : { type: "", values: undefined };
  return type === "literal" && values?.length === 1 ? String(values[0]) : undefined;
}
