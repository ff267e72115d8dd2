/**
 * Power cuts, one after the other: a program writes under the shim, a moment of its trace is chosen,
 * the disk of that moment is put together and judged, and the next round goes on from there. So later
 * cuts also hit recoveries from earlier ones.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { createRandom, type Random } from "#core/random.ts";
import { DiskModel, type DiskState, type Lies } from "./disk-model.ts";
import { readTrace, type TraceEvent } from "./trace.ts";

export interface Subject {
  /** A script that works in the folder named by its first argument, and notes what it promises in
   * the file named by its second; the third is the number of the round. */
  writer: string;
  /** What is wrong with the folder, given all notes up to the cut; nothing when all is well. */
  judge: (folder: string, notes: readonly string[]) => Promise<string[]>;
}

export interface CutReport {
  seed: number;
  cuts: number;
  /** Promises made before the last cut. */
  notes: number;
  /** What was broken, with the number of the cut. */
  broken: string[];
}

export interface CutOptions {
  cuts: number;
  seed: number;
  lies?: Lies;
}

/** Cuts that are made in one run of the writer. */
const CUTS_A_RUN = 4;
const BROKEN_MAX = 20;
const SHIM = fileURLToPath(new URL("shim.c", import.meta.url));
const EMPTY: DiskState = { files: new Map(), folders: new Set() };

export async function powerCuts(subject: Subject, options: CutOptions): Promise<CutReport> {
  const place = realpathSync(mkdtempSync(join(tmpdir(), "penstock-power-")));
  try {
    return await new PowerCuts(subject, options, place).run();
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

class PowerCuts {
  readonly #subject: Subject;
  readonly #options: CutOptions;
  readonly #place: string;
  readonly #shim: string;
  readonly #random: Random;
  readonly #report: CutReport;
  #disk: DiskState = EMPTY;
  #notes: string[] = [];

  constructor(subject: Subject, options: CutOptions, place: string) {
    this.#subject = subject;
    this.#options = options;
    this.#place = place;
    this.#random = createRandom(options.seed);
    this.#shim = buildShim(place);
    this.#report = { seed: options.seed, cuts: 0, notes: 0, broken: [] };
  }

  async run(): Promise<CutReport> {
    const report = this.#report;
    for (let run = 0; report.cuts < this.#options.cuts; run++) {
      const events = await this.#write(run);
      if (typeof events === "string") this.#startAnew(`run ${run}: the writer failed: ${events}`);
      else await this.#cut(events, Math.min(CUTS_A_RUN, this.#options.cuts - report.cuts));
      if (report.broken.length >= BROKEN_MAX) break;
    }
    report.notes = this.#notes.length;
    return report;
  }

  #startAnew(fault: string): void {
    this.#report.broken.push(fault);
    this.#disk = EMPTY;
    this.#notes = [];
  }

  /** Lets the writer work on what the last cut has left. */
  async #write(run: number): Promise<TraceEvent[] | string> {
    const root = this.#lay("live", this.#disk);
    return traceOf(this.#subject.writer, root, this.#place, this.#shim, run);
  }

  async #cut(events: readonly TraceEvent[], cuts: number): Promise<void> {
    const moments = chooseMoments(events, cuts, this.#random);
    const model = new DiskModel(this.#disk, this.#options.lies ?? {});
    const before = this.#notes;
    const notes = [...before];
    let done = 0;
    for (const moment of moments) {
      for (; done < moment; done++) {
        const event = events[done];
        if (!event) break;
        model.apply(event);
        if (event.kind === "note") notes.push(...event.text.trimEnd().split("\n"));
      }
      const state = model.cut(this.#random.int(2) === 0 ? "nothing" : "part", this.#random);
      await this.#judge(state, notes);
      this.#disk = state;
    }
    this.#notes = notes;
  }

  async #judge(state: DiskState, notes: readonly string[]): Promise<void> {
    const report = this.#report;
    report.cuts += 1;
    const faults = await this.#subject.judge(this.#lay("judged", state), notes);
    report.broken.push(...faults.map((fault) => `cut ${report.cuts}: ${fault}`));
  }

  #lay(name: string, state: DiskState): string {
    const root = join(this.#place, name);
    rmSync(root, { recursive: true, force: true });
    layDown(root, state);
    return root;
  }
}

/** Runs the writer under the shim to its end, and gives what it did; what it said when it failed. */
async function traceOf(
  writer: string,
  root: string,
  place: string,
  shim: string,
  run: number,
): Promise<TraceEvent[] | string> {
  const trace = join(place, "trace");
  const notes = join(place, "notes");
  rmSync(trace, { force: true });
  writeFileSync(notes, "");
  const child = spawn(process.execPath, [writer, root, notes, String(run)], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      LD_PRELOAD: shim,
      POWER_ROOT: root,
      POWER_TRACE: trace,
      POWER_NOTES: notes,
      // Calls that go through io_uring would pass by the shim.
      UV_USE_IO_URING: "0",
    },
  });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);
  return code === 0 ? readTrace(readFileSync(trace)) : said;
}

/** One run without a cut: what the trace says is there, and what really is. */
export async function traceAgainstReality(
  writer: string,
): Promise<{ traced: DiskState; root: string; remove: () => void }> {
  const place = realpathSync(mkdtempSync(join(tmpdir(), "penstock-power-")));
  const root = join(place, "live");
  layDown(root, EMPTY);
  const model = new DiskModel(EMPTY, {});
  const events = await traceOf(writer, root, place, buildShim(place), 0);
  if (typeof events === "string") throw new Error(events);
  for (const event of events) model.apply(event);
  const traced = model.cut("everything", createRandom(1));
  return { traced, root, remove: () => rmSync(place, { recursive: true }) };
}

/** Half of the moments anywhere, half right behind a promise, where a loss would be a broken one. */
function chooseMoments(events: readonly TraceEvent[], count: number, random: Random): number[] {
  const behindNotes = events.flatMap(({ kind }, at) => (kind === "note" ? [at + 1] : []));
  const moments = Array.from({ length: count }, (_, i) => {
    const promised = behindNotes[random.int(Math.max(behindNotes.length, 1))];
    return i % 2 === 1 && promised !== undefined ? promised : random.int(events.length + 1);
  });
  return moments.toSorted((a, b) => a - b);
}

function layDown(root: string, state: DiskState): void {
  mkdirSync(root);
  for (const folder of state.folders) mkdirSync(join(root, folder), { recursive: true });
  for (const [path, bytes] of state.files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), bytes);
  }
}

function buildShim(place: string): string {
  const shim = join(place, "shim.so");
  const made = spawnSync("gcc", ["-shared", "-fPIC", "-O2", "-o", shim, SHIM, "-ldl", "-pthread"]);
  if (made.status !== 0) throw new Error(`gcc: ${String(made.stderr)}`);
  return shim;
}
