/**
 * One line that says how far the run is: rewritten in place on a terminal, a plain line every few
 * seconds elsewhere. Notices stand above it.
 */
import { styleText } from "node:util";

export interface Progress {
  elapsedMs: number;
  /** What the run is doing, such as `running` or `draining`. */
  phase: string;
  produced: number;
  acknowledged: number;
  rolledUp: number;
  alarms: number;
  latencyP50Ms: number | undefined;
  latencyP99Ms: number | undefined;
  backlogBytes: number | undefined;
  /** Programs that are not up. */
  down: readonly string[];
}

export interface ProgressOutput {
  write(text: string): unknown;
  /** Undefined where the output is no terminal. */
  columns: number | undefined;
  hasColour: boolean;
}

const PLAIN_EVERY_MS = 5000;
const CLEAR_LINE = "\r\u001b[K";

export class ProgressLine {
  readonly #output: ProgressOutput;
  #shown = "";
  #lastPlainMs = Number.NEGATIVE_INFINITY;
  #lastPhase = "";

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  show(progress: Progress): void {
    const { columns } = this.#output;
    if (columns !== undefined) {
      const text = fit(progressText(progress), columns - 1);
      this.#shown = progress.down.length > 0 ? this.#style("yellow", text) : text;
      this.#output.write(CLEAR_LINE + this.#shown);
      return;
    }
    const isDue = progress.elapsedMs - this.#lastPlainMs >= PLAIN_EVERY_MS;
    if (!isDue && progress.phase === this.#lastPhase) return;
    this.#lastPlainMs = progress.elapsedMs;
    this.#lastPhase = progress.phase;
    this.#output.write(`${progressText(progress)}\n`);
  }

  /** Writes lines above the progress line. */
  notice(text: string): void {
    const isTerminal = this.#output.columns !== undefined;
    const before = isTerminal ? CLEAR_LINE : "";
    const after = isTerminal ? this.#shown : "";
    this.#output.write(`${before}${text}\n${after}`);
  }

  heading(text: string): void {
    this.notice(this.#style("bold", text));
  }

  /** Leaves the line; nothing is shown until the next `show`. */
  end(): void {
    if (this.#shown !== "") this.#output.write("\n");
    this.#shown = "";
  }

  #style(style: "bold" | "yellow", text: string): string {
    return this.#output.hasColour ? styleText(style, text, { validateStream: false }) : text;
  }
}

/** Figures in the order in which a reading passes. */
export function progressText(progress: Progress): string {
  const { latencyP50Ms, latencyP99Ms, backlogBytes, down } = progress;
  const parts = [
    `${clockText(progress.elapsedMs)} ${progress.phase}`,
    `produced ${count(progress.produced)}`,
    `acked ${count(progress.acknowledged)}`,
    `rolled up ${count(progress.rolledUp)}`,
    `alarms ${count(progress.alarms)}`,
    `latency p50 ${milliseconds(latencyP50Ms)} p99 ${milliseconds(latencyP99Ms)}`,
    `backlog ${backlogBytes === undefined ? "?" : bytes(backlogBytes)}`,
  ];
  if (down.length > 0) parts.push(`down: ${down.join(", ")}`);
  return parts.join(" · ");
}

export function count(value: number): string {
  return value.toLocaleString("en-US");
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? "?" : `${Math.round(value)} ms`;
}

function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  if (value < 2 ** 20) return `${Math.round(value / 1024)} KiB`;
  return `${(value / 2 ** 20).toFixed(1)} MiB`;
}

function clockText(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  const hours = Math.floor(seconds / 3600);
  const short = `${twoDigits(Math.floor(seconds / 60) % 60)}:${twoDigits(seconds % 60)}`;
  return hours > 0 ? `${hours}:${short}` : short;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

function fit(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}
