import { type Fault, type FaultLabel, faultyValue } from "./fault.ts";
import type { FaultSchedule } from "./fault-schedule.ts";

/** Labels kept over all devices; further faults happen, and are counted without a label. */
const LABELS_MAX = 100_000;

/** What was planted, for all devices of a run. A label stands here once a sample was faulty. */
export class FaultLabels {
  readonly #labels: FaultLabel[] = [];
  #unlabelled = 0;

  add(fault: Fault): void {
    if (this.#labels.length >= LABELS_MAX) {
      this.#unlabelled += 1;
      return;
    }
    const { device, tag, kind, fromMs, toMs } = fault;
    this.#labels.push({ device, tag, kind, fromMs, toMs });
  }

  /** Faults beyond the bound of the list. */
  get unlabelled(): number {
    return this.#unlabelled;
  }

  /** The faults whose first sample was given, in that order. */
  list(): readonly FaultLabel[] {
    return this.#labels;
  }
}

/** Applies one device's schedule to its samples. */
export class FaultInjector {
  readonly #schedule: FaultSchedule;
  readonly #labels: FaultLabels;
  #fault: Fault | undefined;
  #fromMs = Number.POSITIVE_INFINITY;
  #isActive = false;
  #frozen = 0;

  constructor(schedule: FaultSchedule, labels: FaultLabels, startMs: number) {
    this.#schedule = schedule;
    this.#labels = labels;
    this.#plan(schedule.first(startMs));
  }

  /** Changes the values sampled at `tMs` in place where a fault is on. */
  apply(tMs: number, values: Float64Array): void {
    if (tMs < this.#fromMs) return;
    // A device that was not sampled for a while may have slept through several faults.
    while (this.#fault && tMs >= this.#fault.toMs) {
      this.#plan(this.#schedule.next(this.#fault.toMs));
    }
    const fault = this.#fault;
    if (!fault || tMs < fault.fromMs) return;
    const sound = values[fault.tagIndex] ?? Number.NaN;
    if (!this.#isActive) {
      this.#isActive = true;
      this.#frozen = sound;
      this.#labels.add(fault);
    }
    values[fault.tagIndex] = faultyValue(fault, tMs, sound, this.#frozen);
  }

  #plan(fault: Fault | undefined): void {
    this.#fault = fault;
    this.#fromMs = fault?.fromMs ?? Number.POSITIVE_INFINITY;
    this.#isActive = false;
  }
}
