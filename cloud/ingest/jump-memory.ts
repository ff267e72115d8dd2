/** Remembers jumps in sequence numbers: one that shows again on a second reading is the hub's own. */
const JUMPS_MAX = 1000;

export class JumpMemory {
  readonly #seen = new Set<string>();

  /** True from the second time on. */
  see(partition: string, from: number, to: number): boolean {
    const jump = `${partition} ${from} ${to}`;
    if (this.#seen.has(jump)) return true;
    if (this.#seen.size >= JUMPS_MAX) this.#seen.clear();
    this.#seen.add(jump);
    return false;
  }
}
