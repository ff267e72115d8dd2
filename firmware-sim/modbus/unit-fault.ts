/** How a unit misbehaves, on demand. */
export type UnitFault =
  /** Never answers. */
  | { kind: "dead" }
  /** Answers every read with this exception code. */
  | { kind: "exception"; code: number }
  /** Answers late. */
  | { kind: "delay"; delayMs: number }
  /** Answers byte by byte. */
  | { kind: "slow"; byteEveryMs: number }
  /** Answers with bytes that are no Modbus. */
  | { kind: "garbage" }
  /** Answers half a frame. */
  | { kind: "short" }
  /** Answers in the name of the next unit. */
  | { kind: "wrong-id" }
  /** Answers a request that nobody made: the transaction id is another. */
  | { kind: "wrong-transaction" }
  /** Swaps the words of each pair of registers, as after a firmware update. */
  | { kind: "word-order" }
  /** The connection that asks it stays open and never answers anything again. */
  | { kind: "half-open" };

export type UnitFaultKind = UnitFault["kind"];

/** What a number after the kind means, and what it is without one. */
const ARGUMENT_DEFAULT: Readonly<Record<UnitFaultKind, number | undefined>> = {
  dead: undefined,
  exception: 4,
  delay: 2000,
  slow: 50,
  garbage: undefined,
  short: undefined,
  "wrong-id": undefined,
  "wrong-transaction": undefined,
  "word-order": undefined,
  "half-open": undefined,
};

export const unitFaultKinds = Object.keys(ARGUMENT_DEFAULT);

/** Parses `KIND` or `KIND:NUMBER` (an exception's code, or milliseconds); undefined if malformed. */
export function parseUnitFault(text: string): UnitFault | undefined {
  const match = /^([a-z-]+)(?::(\d{1,6}))?$/.exec(text);
  const kind = match?.[1] ?? "";
  if (!isUnitFaultKind(kind)) return undefined;
  const fallback = ARGUMENT_DEFAULT[kind];
  if (match?.[2] !== undefined && fallback === undefined) return undefined;
  return unitFault(kind, match?.[2] === undefined ? (fallback ?? 0) : Number(match[2]));
}

function isUnitFaultKind(kind: string): kind is UnitFaultKind {
  return unitFaultKinds.includes(kind);
}

function unitFault(kind: UnitFaultKind, argument: number): UnitFault | undefined {
  switch (kind) {
    case "exception":
      return argument >= 1 && argument <= 255 ? { kind, code: argument } : undefined;
    case "delay":
      return { kind, delayMs: argument };
    case "slow":
      return { kind, byteEveryMs: argument };
    default:
      return { kind };
  }
}
