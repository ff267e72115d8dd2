/**
 * Tells people of alarms, on both sides. Notices are written to the outbox with what they tell of
 * (`entriesFor`), and offered when that is safe; mirrors follow what stands. What is in the outbox
 * when a process ends is told by the next one.
 */
import type { AlarmTransition } from "../alarm.ts";
import type { AlarmState, Notice, OutboxEntry } from "../alarms/contract.ts";
import type { Clock, Timer } from "../clock.ts";
import { messageOf } from "../errors.ts";
import { type Logger, RateLimitedLog } from "../log.ts";
import type { Random } from "../random.ts";
import { ChannelHealth, type HealthStatus } from "./channel-health.ts";
import type { Mirror, OutboxWrite, PlantNames } from "./contract.ts";
import { withDeadline } from "./deadline.ts";
import { DELIVERY_MS_MAX, DeliveryQueue } from "./delivery-queue.ts";
import { failingAlarm, isOfOwnChannel } from "./failing-alarm.ts";
import { makeMirror, makeNotifier } from "./make-channel.ts";
import { MirrorLoop } from "./mirror-loop.ts";
import { isOfSeveral } from "./notice-id.ts";
import { OutboxBook } from "./outbox-book.ts";
import {
  addressOf,
  type Channel,
  type ChannelKind,
  isMirrored,
  type Recipient,
  type WiredChannel,
} from "./recipient.ts";
import { entriesFor, isShownTo, isStanding } from "./routing.ts";
import { testNotice } from "./test-notice.ts";

export interface NotificationsOptions {
  readonly recipients: readonly Recipient[];
  /** Whose alarms about recipients it raises: `GATEWAY_DEVICE` or `SINK`. */
  readonly device: string;
  /** The gateway's name, or the sink's, for tests. */
  readonly gateway: string;
  readonly names: PlantNames;
  /** All alarms that are not normal, as they are now. */
  readonly states: () => readonly AlarmState[];
  /** In one transaction; the journal's numbers are given by whoever keeps the alarms. */
  readonly commit: (write: OutboxWrite) => Promise<void>;
  /** A channel fails, or works again: to be taken into the model like any other transition. */
  readonly onAlarm: (transition: AlarmTransition) => void;
  /** Only a gateway has wires. */
  readonly makeSignal?: (channel: WiredChannel) => Mirror;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface ChannelStatus extends HealthStatus {
  /** `shift.webhook` */
  readonly address: string;
  readonly recipient: string;
  readonly kind: ChannelKind;
  /** Notices that wait for it. */
  readonly waiting: number;
}

export interface TestOutcome {
  readonly address: string;
  /** Why it was not taken; null where it was. */
  readonly error: string | null;
}

interface Line {
  readonly recipient: Recipient;
  readonly kind: ChannelKind;
  readonly address: string;
  readonly health: ChannelHealth;
  readonly queue?: DeliveryQueue;
  readonly loop?: MirrorLoop;
  readonly tell: (notice: Notice, signal: AbortSignal) => Promise<void>;
}

export class Notifications {
  readonly #options: NotificationsOptions;
  readonly #book: OutboxBook;
  readonly #log: RateLimitedLog;
  readonly #lines: readonly Line[];
  #endings: Timer | undefined;

  constructor(options: NotificationsOptions) {
    const { recipients, commit, clock, random, log } = options;
    this.#options = options;
    this.#log = new RateLimitedLog(log, clock);
    this.#book = new OutboxBook({ commit, clock, random: random.fork("outbox"), log: this.#log });
    this.#lines = recipients.flatMap((recipient) =>
      recipient.channels.map((channel) => this.#makeLine(recipient, channel)),
    );
  }

  /** @param kept the outbox of the last process */
  start(kept: readonly OutboxEntry[]): void {
    const known = new Set<string>();
    for (const { address, queue, loop } of this.#lines) {
      known.add(address);
      queue?.start(kept.filter(({ recipient }) => recipient === address));
      loop?.start();
    }
    this.#forget(kept.filter(({ recipient }) => !known.has(recipient)));
    // Once whoever takes alarms in has heard who tells of them from now on.
    this.#endings = this.#options.clock.after("alarms of gone recipients", 0, () => {
      this.#endAlarmsExcept(known);
    });
  }

  async stop(): Promise<void> {
    this.#endings?.cancel();
    await Promise.all(this.#lines.map(stopLine));
    await this.#book.stop();
  }

  /** To be written in one transaction with what the notices tell of. */
  entriesFor(notices: readonly Notice[], nowMs: number): OutboxEntry[] {
    const { recipients, device } = this.#options;
    return entriesFor(notices, recipients, device, nowMs);
  }

  /** After they are safe. */
  offer(entries: readonly OutboxEntry[]): void {
    for (const entry of entries) {
      this.#lines.find(({ address }) => address === entry.recipient)?.queue?.add(entry);
    }
  }

  /** Somebody has mended what is known of the recipients: what waits for them is tried now. */
  resume(): void {
    for (const { queue } of this.#lines) queue?.resume();
  }

  /** What stands has changed. */
  refresh(): void {
    for (const { loop } of this.#lines) loop?.refresh();
  }

  status(): ChannelStatus[] {
    return this.#lines.map(({ recipient, kind, address, health, queue }) => ({
      address,
      recipient: recipient.name,
      kind,
      waiting: queue?.length ?? 0,
      ...health.status(),
    }));
  }

  /**
   * A notice to all channels of a recipient, past what waits for them; also before `start`.
   * @returns undefined where there is no such recipient
   */
  async test(name: string, signal: AbortSignal): Promise<TestOutcome[] | undefined> {
    const { clock, gateway, device } = this.#options;
    const lines = this.#lines.filter(({ recipient }) => recipient.name === name);
    if (lines.length === 0) return undefined;
    const notice = testNotice(name, { gateway, device, nowMs: clock.now() });
    return await Promise.all(lines.map((line) => this.#test(line, notice, signal)));
  }

  async #test(line: Line, notice: Notice, signal: AbortSignal): Promise<TestOutcome> {
    const { address, health, queue, tell } = line;
    const { clock } = this.#options;
    try {
      await withDeadline(clock, "test", DELIVERY_MS_MAX, signal, (both) => tell(notice, both));
    } catch (error) {
      return { address, error: messageOf(error) };
    }
    health.succeeded();
    queue?.resume();
    return { address, error: null };
  }

  #makeLine(recipient: Recipient, channel: Channel): Line {
    const { device, names, clock, random, onAlarm } = this.#options;
    const { kind } = channel;
    const address = addressOf(recipient, kind);
    const isAlarmed = this.#alarmed().includes(address);
    const health = new ChannelHealth({ device, address, isAlarmed, clock, onAlarm });
    const line = { recipient, kind, address, health };
    const common = { address, health, clock, random: random.fork(address), log: this.#log };
    if (!isMirrored(channel)) {
      const notifier = makeNotifier(channel, clock);
      const queue = new DeliveryQueue({
        ...common,
        notifier,
        repeatMs: recipient.repeatMs,
        isOpen: (notice) => this.#isOpen(notice),
        book: this.#book,
      });
      return { ...line, queue, tell: (notice, signal) => notifier.deliver(notice, signal) };
    }
    const mirror = makeMirror(channel, names, clock, this.#options.makeSignal);
    const standing = (): AlarmState[] => this.#standingFor(recipient, address);
    const loop = new MirrorLoop({ ...common, mirror, standing });
    return { ...line, loop, tell: (notice, signal) => loop.test(notice, signal) };
  }

  #standingFor(recipient: Recipient, address: string): AlarmState[] {
    const { states, names, device } = this.#options;
    return states().filter((state) => {
      const { raised } = state;
      const isOwnFailure = isOfOwnChannel(raised, device) && raised.tag === address;
      const gateway = names.gatewayName(state.gateway);
      return !isOwnFailure && isStanding(state) && isShownTo(recipient, state, gateway);
    });
  }

  #isOpen(notice: Notice): boolean {
    const isOfMany = isOfSeveral(notice);
    return this.#options.states().some((state) => {
      const isMeant = isOfMany ? state.notified?.as === notice.key : state.key === notice.key;
      return isMeant && isStanding(state) && !state.isAcknowledged;
    });
  }

  /** Channels that fail, as the alarms have it. */
  #alarmed(): string[] {
    const { states, device } = this.#options;
    const own = states().filter(
      ({ isActive, raised }) => isActive && isOfOwnChannel(raised, device),
    );
    return own.map(({ raised }) => raised.tag);
  }

  /** Nobody else would end the alarm about a channel that is gone. */
  #endAlarmsExcept(known: ReadonlySet<string>): void {
    const { device, clock, onAlarm } = this.#options;
    for (const address of this.#alarmed()) {
      if (!known.has(address)) onAlarm(failingAlarm(device, address, undefined, clock.now()));
    }
  }

  /** Their recipient is no longer in the file. */
  #forget(entries: readonly OutboxEntry[]): void {
    if (entries.length === 0) return;
    const at = this.#options.clock.now();
    this.#book.enter({
      outboxDone: entries.map(({ id }) => id),
      journal: entries.map(({ notice: { key }, recipient }) => ({
        at,
        kind: "notification-failed",
        key,
        by: "penstock",
        note: `${recipient}: there is no such recipient any more`,
      })),
    });
  }
}

async function stopLine({ queue, loop }: Line): Promise<void> {
  await queue?.stop();
  await loop?.stop();
}
