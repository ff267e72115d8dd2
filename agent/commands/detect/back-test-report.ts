/** What a back-test says when it is through. */
import type { Judgement } from "./back-test.ts";

export interface BackTestReport {
  rows: number;
  alarms: number;
  unjudged: number;
  firstFault?: string;
}

/** Counts a judged row of the input in. */
export function countIn(
  report: BackTestReport,
  { alarm, fault }: Pick<Judgement, "alarm" | "fault">,
  lineNumber: number,
): void {
  report.rows += 1;
  if (alarm) report.alarms += 1;
  if (fault === undefined) return;
  report.unjudged += 1;
  report.firstFault ??= `line ${lineNumber}: ${fault}`;
}

export function summaryOf({ rows, alarms, unjudged, firstFault }: BackTestReport): string {
  const unused = firstFault === undefined ? "" : `; ${unjudged} not judged (first: ${firstFault})`;
  return `${rows} rows, ${alarms} alarms${unused}\n`;
}

/** Cut, not rounded: 0.4999999 is no alarm and must not read as one. */
export function scoreText(score: number): string {
  return String(Math.floor(score * 1e6) / 1e6);
}
