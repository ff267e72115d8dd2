/** Says on a terminal how far a scan is, in one line that is written over. */
import type { Output } from "#config/command-line/command.ts";
import type { Clock } from "#core/clock.ts";
import type { ScanPlan, ScanStep } from "./scan-plan.ts";

const SHOW_EVERY_MS = 200;

export class ScanProgress {
  readonly #output: Output;
  readonly #clock: Clock;
  readonly #startMs: number;
  #shownAtMs = Number.NEGATIVE_INFINITY;

  constructor(output: Output, clock: Clock) {
    this.#output = output;
    this.#clock = clock;
    this.#startMs = clock.monotonic();
  }

  show(plan: ScanPlan, { line }: ScanStep, unit: number): void {
    const nowMs = this.#clock.monotonic();
    if (this.#output.isTTY !== true || nowMs - this.#shownAtMs < SHOW_EVERY_MS) return;
    this.#shownAtMs = nowMs;
    const { asked, total } = plan;
    const leftS =
      asked === 0 ? undefined : ((nowMs - this.#startMs) / asked / 1000) * (total - asked);
    const where = line ? `${line.baud} baud, parity ${line.parity}, ` : "";
    const left = leftS === undefined ? "" : `, ${timeText(leftS)} left at most`;
    this.#write(`${where}unit ${unit}: ${asked} of ${total} asked${left}`);
  }

  /** A line that stays. */
  tell(text: string): void {
    this.#write("");
    this.#output.write(`${text}\n`);
  }

  end(): void {
    this.#write("");
  }

  #write(text: string): void {
    // Return to the line's beginning, and clear it.
    if (this.#output.isTTY === true) this.#output.write(`\r\u001B[K${text}`);
  }
}

function timeText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return `${Math.ceil(seconds / 60)} min`;
}
