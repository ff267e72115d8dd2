/** Finds a device's values in a line, by whatever its settings say that a line is. Pure. */
import type { SerialBusSettings } from "#config/gateway/serial-bus.ts";
import { type Found, LineMatcher } from "./matcher.ts";
import { parseSentence } from "./nmea.ts";

/**
 * `other`: a line that is in order and not meant, such as another sentence.
 * `unmatched`: a line that should not be there; `why` completes "a line …".
 */
export type LineOutcome =
  | { kind: "found"; found: readonly Found[] }
  | { kind: "other" }
  | { kind: "unmatched"; why: string };

export interface LineReader {
  /** All that this reader may find. */
  readonly tags: readonly string[];
  read(line: string): LineOutcome;
}

/** @param known tags of the device in the file: of `key-value` lines, only these are read */
export function createLineReader(
  settings: SerialBusSettings,
  known: readonly string[],
): LineReader {
  if ("match" in settings) return new PatternReader(settings.match);
  const { format, columns, separator, sentence } = settings;
  if (format === "csv") return new ColumnReader(columns, separator);
  if (format === "nmea") return new NmeaReader(columns, sentence);
  return new KeyReader(known);
}

class PatternReader implements LineReader {
  readonly tags: readonly string[];
  readonly #matcher: LineMatcher;

  constructor(pattern: string) {
    this.#matcher = new LineMatcher(pattern);
    this.tags = this.#matcher.tags;
  }

  read(line: string): LineOutcome {
    const found = this.#matcher.match(line);
    return found
      ? { kind: "found", found }
      : { kind: "unmatched", why: "does not match the pattern" };
  }
}

/** A column of this name is left out. */
const LEFT_OUT = "_";

class ColumnReader implements LineReader {
  readonly tags: readonly string[];
  readonly #columns: readonly string[];
  readonly #separator: string;

  constructor(columns: readonly string[], separator: string) {
    this.#columns = columns;
    this.#separator = separator;
    this.tags = columns.filter((column) => column !== LEFT_OUT);
  }

  read(line: string): LineOutcome {
    const fields = line.split(this.#separator, this.#columns.length + 1);
    if (fields.length < this.#columns.length) {
      const why = `has ${fields.length} columns instead of ${this.#columns.length}`;
      return { kind: "unmatched", why };
    }
    return { kind: "found", found: byColumn(this.#columns, fields) };
  }
}

class NmeaReader implements LineReader {
  readonly tags: readonly string[];
  readonly #columns: readonly string[];
  readonly #sentence: string | undefined;

  constructor(columns: readonly string[], sentence: string | undefined) {
    this.#columns = columns;
    this.#sentence = sentence;
    this.tags = columns.filter((column) => column !== LEFT_OUT);
  }

  read(line: string): LineOutcome {
    const parsed = parseSentence(line);
    if (parsed.kind === "no sentence") return { kind: "unmatched", why: "is no NMEA sentence" };
    if (parsed.kind === "wrong checksum") return { kind: "unmatched", why: "has a wrong checksum" };
    // The first two letters are the talker: GGA stands for GPGGA, GNGGA and others.
    const isMeant = this.#sentence === undefined || parsed.id.endsWith(this.#sentence);
    if (!isMeant) return { kind: "other" };
    const found = byColumn(this.#columns, parsed.fields);
    // An empty field says that the device has no value at present.
    return { kind: "found", found: found.filter(({ text }) => text !== "") };
  }
}

function byColumn(columns: readonly string[], fields: readonly string[]): Found[] {
  return columns.flatMap((tag, i) => {
    const text = fields[i];
    return tag === LEFT_OUT || text === undefined ? [] : [{ tag, text }];
  });
}

const PAIRS = /([A-Za-z][\w.-]*)\s*[=:]\s*([^\s,;]+)/g;

class KeyReader implements LineReader {
  readonly tags: readonly string[];
  readonly #known: ReadonlySet<string>;

  constructor(known: readonly string[]) {
    this.tags = known;
    this.#known = new Set(known);
  }

  read(line: string): LineOutcome {
    const found: Found[] = [];
    for (const [, tag = "", text = ""] of line.matchAll(PAIRS)) {
      if (this.#known.has(tag)) found.push({ tag, text });
    }
    if (found.length > 0) return { kind: "found", found };
    return { kind: "unmatched", why: "has none of the device's tags" };
  }
}
