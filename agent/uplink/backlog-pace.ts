/**
 * When the next event of the backlog may go. Live data never waits; the backlog takes what it leaves
 * of the bandwidth, at most its share, and always a little. Few events of it are under way at once,
 * and each is short, so that a live one behind them waits briefly.
 */
import type { Clock, Timer } from "#core/clock.ts";

export interface BacklogPaceOptions {
  /** What the link, or what was bought of the hub, can carry. */
  bytesPerSecond: number;
  /** Of the bandwidth, 0..1. */
  share: number;
  /** Whether sends fail at present: then one at a time shows when that ends. */
  isFailing: () => boolean;
  clock: Clock;
}

const UNDER_WAY_MAX = 4;
/** Of the bandwidth, however much live data there is: a backlog must end. */
const SHARE_MIN = 0.05;
/** An event of the backlog takes at most so long of the whole bandwidth. */
const EVENT_MS = 100;
const EVENT_LINE_BYTES_MIN = 8 * 1024;
const EVENT_LINE_BYTES_MAX = 256 * 1024;
/** Before the first event has told: columnar JSON shrinks to a fifth at least. */
const RATIO_AT_FIRST = 0.2;
const LIVE_WINDOW_MS = 1000;

export class BacklogPace {
  readonly #options: BacklogPaceOptions;
  readonly #waiting: ((mayGo: boolean) => void)[] = [];
  #underWay = 0;
  #nextAtMs = 0;
  #timer: Timer | undefined;
  #isStopped = false;
  /** Bytes of an event for a byte of its lines. */
  #ratio = RATIO_AT_FIRST;
  #liveBytes = 0;
  #liveSinceMs: number;
  #liveRate = 0;

  constructor(options: BacklogPaceOptions) {
    this.#options = options;
    this.#liveSinceMs = options.clock.monotonic();
  }

  /** How many bytes of lines the next event may have. */
  get eventLineBytes(): number {
    const bytes = (this.#options.bytesPerSecond * EVENT_MS) / 1000 / this.#ratio;
    return Math.min(EVENT_LINE_BYTES_MAX, Math.max(EVENT_LINE_BYTES_MIN, Math.floor(bytes)));
  }

  /** Waits for a turn, in the order of asking; to be followed by `ended`. False when stopped. */
  async turn(): Promise<boolean> {
    if (this.#isStopped) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting.push(resolve);
    this.#letGo();
    return promise;
  }

  /** The turn is over; zero bytes when nothing was sent. */
  ended(bytes: number, lineBytes: number): void {
    this.#underWay -= 1;
    if (bytes > 0) {
      this.#ratio += (bytes / lineBytes - this.#ratio) / 4;
      const nowMs = this.#options.clock.monotonic();
      this.#nextAtMs = Math.max(nowMs, this.#nextAtMs) + (bytes / this.#rate(nowMs)) * 1000;
    }
    this.#letGo();
  }

  liveSent(bytes: number): void {
    this.#liveBytes += bytes;
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    for (const resolve of this.#waiting.splice(0)) resolve(false);
  }

  #letGo(): void {
    const { clock, isFailing } = this.#options;
    const most = isFailing() ? 1 : UNDER_WAY_MAX;
    while (this.#waiting.length > 0 && this.#underWay < most) {
      const waitMs = this.#nextAtMs - clock.monotonic();
      if (waitMs > 0) {
        this.#timer ??= clock.after("backlog pace", waitMs, () => {
          this.#timer = undefined;
          this.#letGo();
        });
        return;
      }
      this.#underWay += 1;
      this.#waiting.shift()?.(true);
    }
  }

  /** Bytes per second that the backlog may use now. */
  #rate(nowMs: number): number {
    const elapsedMs = nowMs - this.#liveSinceMs;
    if (elapsedMs >= LIVE_WINDOW_MS) {
      this.#liveRate = (this.#liveBytes * 1000) / elapsedMs;
      this.#liveBytes = 0;
      this.#liveSinceMs = nowMs;
    }
    const { bytesPerSecond, share } = this.#options;
    const left = bytesPerSecond - this.#liveRate;
    return Math.max(bytesPerSecond * SHARE_MIN, Math.min(bytesPerSecond * share, left));
  }
}
