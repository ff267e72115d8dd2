/**
 * A lamp, horn or display on a Modbus bus of this gateway. Its requests queue with the bus's own. It is
 * written at each change, and again every ten seconds: for a module that was replaced, or that has a
 * watchdog of its own. With a heartbeat a register counts up as long as this process lives and its
 * main loop turns; what the PLC does when the count stands still is the PLC's.
 */
import type { GuestLink } from "#agent/sources/modbus/link.ts";
import type { AlarmState, Notice } from "#core/alarms/contract.ts";
import type { Clock, Timer } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import { DeliveryFailed, type Mirror } from "#core/notify/contract.ts";
import type { WiredChannel } from "#core/notify/recipient.ts";
import { shownValue, TEST_VALUE } from "./shown-value.ts";

export interface SignalOptions {
  readonly channel: WiredChannel;
  /** The way to its bus, as long as that runs. */
  readonly linkOf: () => GuestLink | undefined;
  /** For an answer. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

const EVERY_MS = 10_000;
/** So long a test is to be seen and heard. */
const TEST_MS = 3000;
const COUNT_MODULUS = 0x1_0000;

export class Signal implements Mirror {
  readonly everyMs = EVERY_MS;
  readonly restMs = 0;
  readonly #options: SignalOptions;
  #value: number;
  #count = 0;
  #isBeating = false;
  #beatFailure: DeliveryFailed | undefined;
  #timer: Timer | undefined;

  constructor(options: SignalOptions) {
    this.#options = options;
    this.#value = shownValue(options.channel, []);
  }

  get kind(): WiredChannel["kind"] {
    return this.#options.channel.kind;
  }

  start(): void {
    const { channel, clock } = this.#options;
    const { heartbeat } = channel;
    if (!heartbeat) return;
    const name = `heartbeat on ${channel.bus}`;
    this.#timer = clock.every(name, heartbeat.everyMs, () => void this.#beat(heartbeat.start));
  }

  /** The lamp stays as it is; the count stands still. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await Promise.resolve();
  }

  async show(standing: readonly AlarmState[]): Promise<void> {
    this.#value = shownValue(this.#options.channel, standing);
    await this.#write(this.#value);
    // A watchdog that is not fed must be known of, although the lamp itself works.
    if (this.#beatFailure) throw this.#beatFailure;
  }

  async test(_notice: Notice, signal: AbortSignal): Promise<void> {
    const { channel, clock } = this.#options;
    await this.#write(TEST_VALUE[channel.shows]);
    try {
      await clock.sleep(TEST_MS, { name: "signal test", signal });
    } finally {
      await this.#write(this.#value);
    }
  }

  async #beat(start: number): Promise<void> {
    // One that is late is left out, so that a slow bus does not fill up with them.
    if (this.#isBeating) return;
    this.#isBeating = true;
    this.#count = (this.#count + 1) % COUNT_MODULUS;
    try {
      await this.#request("holding", start, this.#count);
      this.#beatFailure = undefined;
    } catch (error) {
      if (!(error instanceof DeliveryFailed)) throw error;
      this.#beatFailure = new DeliveryFailed(`heartbeat: ${error.message}`, error);
    } finally {
      this.#isBeating = false;
    }
  }

  async #write(value: number): Promise<void> {
    const { table, start } = this.#options.channel;
    await this.#request(table, start, value);
  }

  /** @throws DeliveryFailed */
  async #request(table: "coil" | "holding", start: number, word: number): Promise<void> {
    const { channel, linkOf, timeoutMs } = this.#options;
    const { bus, unit } = channel;
    const link = linkOf();
    if (!link) throw failed(`bus ${bus} does not run`);
    const request = { unit, table, start, words: [word], timeoutMaxMs: timeoutMs };
    let reason: string;
    try {
      const outcome = await link.write(request, timeoutMs);
      if (outcome.kind === "answer") return;
      reason = outcome.kind === "exception" ? `exception ${outcome.code}` : outcome.kind;
    } catch (error) {
      reason = messageOf(error);
    }
    throw failed(`unit ${unit} on bus ${bus} did not take it: ${reason}`);
  }
}

/** Wires are mended, and wrong addresses corrected: it is always tried again. */
function failed(message: string): DeliveryFailed {
  return new DeliveryFailed(message, { isTransient: true });
}
