/** Sends a test straight from a file, where no program runs that could. */
import type { Clock } from "../clock.ts";
import { silentLogger } from "../log.ts";
import { createRandom } from "../random.ts";
import type { Mirror } from "./contract.ts";
import { Notifications, type TestOutcome } from "./notifications.ts";
import type { Recipient, WiredChannel } from "./recipient.ts";

export interface TryOptions {
  readonly recipients: readonly Recipient[];
  /** Who sends: a gateway's name. */
  readonly gateway: string;
  /** `GATEWAY_DEVICE` or `SINK` */
  readonly device: string;
  readonly makeSignal?: ((channel: WiredChannel) => Mirror) | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Each of the recipients is told, one after the other. */
export async function tryRecipients(options: TryOptions): Promise<TestOutcome[]> {
  const { recipients, gateway, device, makeSignal, clock, signal } = options;
  const notifications = new Notifications({
    recipients,
    gateway,
    device,
    names: {
      gatewayName: () => gateway,
      siteOf: () => ({}),
      unitOf: () => undefined,
      adviceOf: () => ({}),
      acknowledgeWith: () => undefined,
    },
    // It is not started, so nothing stands, nothing waits, and nothing is to be written.
    states: () => [],
    commit: () => Promise.reject(new Error("a test has no outbox")),
    onAlarm: () => {},
    ...(makeSignal && { makeSignal }),
    clock,
    random: createRandom(1),
    log: silentLogger,
  });
  const outcomes: TestOutcome[] = [];
  for (const { name } of recipients) {
    outcomes.push(...((await notifications.test(name, signal)) ?? []));
  }
  return outcomes;
}
