/**
 * What the broker has taken in and the disk has not: counted over all clients. At the cap every
 * connection stops reading, so that the network holds the rest, and goes on in the order in which
 * they stopped.
 */
export class CommitBacklog {
  readonly #bytesMax: number;
  readonly #paused = new Set<() => void>();
  readonly #onEmpty = new Set<() => void>();
  #bytes = 0;
  #messages = 0;
  #pauses = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get messages(): number {
    return this.#messages;
  }

  /** How often a connection had to wait. */
  get pauses(): number {
    return this.#pauses;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    this.#messages += 1;
  }

  remove(bytes: number): void {
    this.#bytes -= bytes;
    this.#messages -= 1;
    if (this.#paused.size > 0 && !this.isFull) this.#resume();
    if (this.#messages === 0) this.#tellEmpty();
  }

  /** `resume` is called once, when there is room; asking twice before that is asking once. */
  wait(resume: () => void): void {
    if (this.#paused.has(resume)) return;
    this.#pauses += 1;
    this.#paused.add(resume);
  }

  /** For a connection that is gone. */
  forget(resume: () => void): void {
    this.#paused.delete(resume);
  }

  /** Resolves when nothing waits for the disk. */
  async empty(): Promise<void> {
    if (this.#messages === 0) return;
    await new Promise<void>((resolve) => this.#onEmpty.add(resolve));
  }

  #resume(): void {
    for (const resume of this.#paused) {
      if (this.isFull) return;
      this.#paused.delete(resume);
      resume();
    }
  }

  #tellEmpty(): void {
    for (const resolve of this.#onEmpty) resolve();
    this.#onEmpty.clear();
  }
}
