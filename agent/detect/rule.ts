/**
 * What watches a series for one kind of trouble. One object serves all series of the same settings:
 * what it knows of one of them is in the series' block, and nowhere else.
 */
import type { Finding, Subject } from "./finding.ts";
import type { StateBlock } from "./state-slabs.ts";

/** What a rule looks at, and where it says what it found. */
export interface Look {
  block: StateBlock;
  subject: Subject;
  /** Time of the reading, in milliseconds since 1970, not older than the one before. */
  ts: number;
  /** Finite. */
  value: number;
  /** The value that was judged, or seen while the machine stood, before this one; NaN for none. */
  previous: number;
  /** Made when it is first needed: most readings find nothing. */
  findings: Finding[] | undefined;
}

export interface Rule {
  /** Names of the alarms that it raises. */
  readonly names: readonly string[];
  /** Writes into a block of zeros what is known of a series before its first value. */
  begin(block: StateBlock): void;
  /** Judges a reading, learns it, and appends what has changed. */
  judge(look: Look): void;
  /**
   * The machine stands, say: nothing is learnt, and what the rule said ends.
   * @param why as the series' name goes on in a sentence
   */
  rest(look: Look, why: string): void;
  isActive(block: StateBlock, name: string): boolean;
  /** Takes over from elsewhere whether its alarm is active. */
  setActive(block: StateBlock, name: string, active: boolean): void;
}

export function report(look: Look, finding: Finding): void {
  look.findings ??= [];
  look.findings.push(finding);
}
