/** Columns of values as parameters: whole tables go to the database as one array a column. */

/**
 * Numbers as an array literal. Their shortest decimal is exact both ways, and the sign of −0, which
 * `String` drops, is kept.
 */
export function numberArray(values: readonly (number | null)[]): string {
  let text = "{";
  for (let at = 0; at < values.length; at++) {
    if (at > 0) text += ",";
    const value = values[at] ?? null;
    if (value === null) text += "NULL";
    else text += value === 0 && Object.is(value, -0) ? "-0" : String(value);
  }
  return `${text}}`;
}

/** Byte strings as one parameter, with the place of each for `substring(… FROM … FOR …)`. */
export interface JoinedBytes {
  bytes: Buffer;
  /** From 1. */
  from: string;
  length: string;
}

export function joinBytes(parts: readonly Uint8Array[]): JoinedBytes {
  const from: number[] = [];
  let at = 1;
  for (const part of parts) {
    from.push(at);
    at += part.byteLength;
  }
  return {
    bytes: Buffer.concat(parts),
    from: numberArray(from),
    length: numberArray(parts.map((part) => part.byteLength)),
  };
}
