/** How fast the buffer takes in, over the last minutes, and how long its room lasts at that rate. */
const SAMPLES_MAX = 120;
/** Less than this says nothing. */
const SPAN_MS_MIN = 10_000;
const HOUR_MS = 3_600_000;

export class FillRate {
  readonly #samples: { atMs: number; written: number }[] = [];

  #written = 0;

  wrote(bytes: number): void {
    this.#written += bytes;
  }

  /** To be called at even intervals; times are monotonic. */
  sample(atMs: number): void {
    this.#samples.push({ atMs, written: this.#written });
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
  }

  /** Undefined where too little is known. */
  get bytesPerSecond(): number | undefined {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (!first || !last || last.atMs - first.atMs < SPAN_MS_MIN) return undefined;
    return ((last.written - first.written) * 1000) / (last.atMs - first.atMs);
  }

  /** Hours until so much room is used up, if nothing leaves; undefined where nobody can tell. */
  hoursFor(roomBytes: number): number | undefined {
    const rate = this.bytesPerSecond;
    if (rate === undefined || rate <= 0) return undefined;
    return (Math.max(0, roomBytes) * 1000) / rate / HOUR_MS;
  }
}
