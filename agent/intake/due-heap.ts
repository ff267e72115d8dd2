/** What to look at when: the earliest first, in O(log n) of those that are waiting. */
interface Due<T> {
  readonly atMs: number;
  readonly item: T;
}

export class DueHeap<T> {
  readonly #heap: Due<T>[] = [];

  add(item: T, atMs: number): void {
    const heap = this.#heap;
    const due = { atMs, item };
    let place = heap.length;
    heap.push(due);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent];
      if (!above || above.atMs <= atMs) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = due;
  }

  /** What is due first, where its time has come. */
  take(nowMs: number): T | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (!first || first.atMs > nowMs) return undefined;
    const last = heap.pop();
    if (last && heap.length > 0) this.#sink(last);
    return first.item;
  }

  #sink(due: Due<T>): void {
    const heap = this.#heap;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const right = left + 1;
      const isRight = (heap[right]?.atMs ?? Number.POSITIVE_INFINITY) < (heap[left]?.atMs ?? 0);
      const child = isRight ? right : left;
      const below = heap[child];
      if (!below || below.atMs >= due.atMs) break;
      heap[place] = below;
      place = child;
    }
    heap[place] = due;
  }
}
