/**
 * What a device is known to refuse (exceptions 2 and 3), so that one bad register does not spoil
 * its block a second time. Nothing is believed for ever: each refusal is tried again, seldom and
 * then more seldom, for devices are reprogrammed. Pure: time comes in as a number.
 */
import { endOf, type PlanLimits } from "./planner.ts";
import type { Point, Span } from "./point.ts";

const RETRY_FIRST_MS = 10_000;
const RETRY_MAX_MS = 600_000;
/** What lies between two points is no reading: whether it may be read can wait. */
const GAP_RETRY_MS = 3_600_000;

interface Refusal {
  code: number;
  retryAtMs: number;
  retryAfterMs: number;
}

export class Refusals {
  readonly #points = new Map<Point, Refusal>();
  /** Between readable points: at most one entry for each pair of neighbours. */
  #gaps: { span: Span; retryAtMs: number }[] = [];
  #registersMax: number | undefined;
  #bitsMax: number | undefined;
  #version = 0;

  /** Changes whenever a plan made before may be out of date. */
  get version(): number {
    return this.#version;
  }

  /** Points that fail alone. */
  get count(): number {
    return this.#points.size;
  }

  /** The exception that the device gave for this point alone; undefined when it is not refused. */
  codeOf(point: Point): number | undefined {
    return this.#points.get(point)?.code;
  }

  /** Stretches that no block may touch. */
  spans(): Span[] {
    return [...this.#points.keys(), ...this.#gaps.map((gap) => gap.span)];
  }

  /** The limits of the plan, narrowed by what the device has shown. */
  narrow(limits: PlanLimits): PlanLimits {
    return {
      ...limits,
      registersMax: Math.min(limits.registersMax, this.#registersMax ?? limits.registersMax),
      bitsMax: Math.min(limits.bitsMax, this.#bitsMax ?? limits.bitsMax),
    };
  }

  refusePoint(point: Point, code: number, nowMs: number): void {
    const before = this.#points.get(point);
    if (!before) this.#version += 1;
    const retryAfterMs = before ? Math.min(RETRY_MAX_MS, before.retryAfterMs * 2) : RETRY_FIRST_MS;
    this.#points.set(point, { code, retryAfterMs, retryAtMs: nowMs + retryAfterMs });
  }

  /**
   * Two neighbours are readable, but not in one request. Either what lies between them is refused,
   * or, where nothing does, the device allows only shorter requests.
   */
  refuseTogether(left: Span, right: Span, nowMs: number): void {
    this.#version += 1;
    const size = right.start - endOf(left);
    if (size > 0) {
      const span = { table: left.table, start: endOf(left), size };
      this.#gaps.push({ span, retryAtMs: nowMs + GAP_RETRY_MS });
      return;
    }
    const sizeMax = Math.max(left.size, right.size);
    if (left.table === "coil" || left.table === "discrete") this.#bitsMax = sizeMax;
    else this.#registersMax = sizeMax;
  }

  /** The refused point whose turn it is to be tried again. */
  dueForRetry(nowMs: number): Point | undefined {
    for (const [point, refusal] of this.#points) {
      if (refusal.retryAtMs <= nowMs) return point;
    }
    return undefined;
  }

  /** Old knowledge about gaps is given up: bridging them is tried again. */
  forgetOldGaps(nowMs: number): void {
    const kept = this.#gaps.filter((gap) => gap.retryAtMs > nowMs);
    if (kept.length < this.#gaps.length) this.#version += 1;
    this.#gaps = kept;
  }

  allow(point: Point): void {
    if (this.#points.delete(point)) this.#version += 1;
  }

  /** For a device that refuses everything: then it is not the registers that are bad. */
  clear(): void {
    this.#version += 1;
    this.#points.clear();
    this.#gaps = [];
    this.#registersMax = undefined;
    this.#bitsMax = undefined;
  }
}
