/** One channel's queue, as processes that come one after the other have it over one disk. */
import type { AlarmTransition } from "#core/alarm.ts";
import type { Notice } from "#core/alarms/contract.ts";
import { RateLimitedLog, silentLogger } from "#core/log.ts";
import { ChannelHealth } from "#core/notify/channel-health.ts";
import { DeliveryQueue } from "#core/notify/delivery-queue.ts";
import { OutboxBook } from "#core/notify/outbox-book.ts";
import { entryFor } from "#core/notify/routing.ts";
import { createRandom } from "#core/random.ts";
import { MANUAL_CLOCK_START_MS, ManualClock } from "#test/support/manual-clock.ts";
import { madeNotice } from "./made-notice.ts";
import { DirectedNotifier, OutboxDisk } from "./outbox-disk.ts";

export const ADDRESS = "shift.webhook";
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

/** A queue as one process has it, over a disk that outlives it. */
class Process {
  readonly alarms: AlarmTransition[] = [];
  readonly queue: DeliveryQueue;
  readonly book: OutboxBook;
  readonly health: ChannelHealth;
  isOpen = true;
  readonly #disk: OutboxDisk;
  readonly #clock: ManualClock;

  constructor(
    disk: OutboxDisk,
    notifier: DirectedNotifier,
    clock: ManualClock,
    repeatMs?: number,
    isAlarmed = false,
  ) {
    this.#disk = disk;
    this.#clock = clock;
    const random = createRandom(1);
    const log = new RateLimitedLog(silentLogger, clock);
    this.book = new OutboxBook({ commit: disk.commit, clock, random, log });
    const onAlarm = (alarm: AlarmTransition): void => void this.alarms.push(alarm);
    const health = { device: "(gateway)", address: ADDRESS, isAlarmed, clock, onAlarm };
    this.health = new ChannelHealth(health);
    this.queue = new DeliveryQueue({
      address: ADDRESS,
      notifier,
      repeatMs,
      isOpen: () => this.isOpen,
      book: this.book,
      health: this.health,
      clock,
      random,
      log,
    });
    this.queue.start(disk.entries);
  }

  tell(notice: Notice, dueAt = this.#clock.now()): void {
    const entry = entryFor(notice, ADDRESS, dueAt);
    this.#disk.put([entry]);
    this.queue.add(entry);
  }

  async stop(): Promise<void> {
    await this.queue.stop();
    await this.book.stop();
  }
}

export function numbered(count: number, changes: Partial<Notice> = {}): Notice[] {
  return Array.from({ length: count }, (_, i) =>
    madeNotice({ id: `raised/${i}`, key: `d${i}/t/r`, at: MANUAL_CLOCK_START_MS + i, ...changes }),
  );
}

export class DeliveryRig {
  readonly clock = new ManualClock();
  readonly disk = new OutboxDisk();
  readonly receiver = new DirectedNotifier();

  /** The next process. */
  start(repeatMs?: number, isAlarmed = false): Process {
    return new Process(this.disk, this.receiver, this.clock, repeatMs, isAlarmed);
  }

  /** Ids of what the receiver has taken, in order. */
  idsTaken(): string[] {
    return this.receiver.taken.map(({ id }) => id);
  }
}
