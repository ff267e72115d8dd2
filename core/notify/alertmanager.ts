/**
 * Keeps Alertmanager told of all alarms that stand. It takes an alert for over that is not sent again,
 * so all are sent again every minute, and each says that it lasts for four.
 */
import type { AlarmState, Notice } from "../alarms/contract.ts";
import type { Clock } from "../clock.ts";
import { isAbort, messageOf } from "../errors.ts";
import { type Alert, alertOf, resolved, testAlertOf } from "./alertmanager-alert.ts";
import { DeliveryFailed, type Mirror, type PlantNames } from "./contract.ts";
import { post } from "./http-post.ts";
import type { AlertmanagerChannel } from "./recipient.ts";

const EVERY_MS = 60_000;
const LASTS_MS = 4 * EVERY_MS;
/** All alerts go in each time, which in a flood of alarms would be without end. */
const REST_MS = 500;
/** So many in one request: its body stays below a megabyte. */
const ALERTS_MAX = 500;

export class AlertmanagerMirror implements Mirror {
  readonly kind = "alertmanager";
  readonly everyMs = EVERY_MS;
  readonly restMs = REST_MS;
  readonly #channel: AlertmanagerChannel;
  readonly #names: PlantNames;
  readonly #clock: Clock;
  /** What it was told of and not yet told the end of, by the alarm's key. */
  #shown = new Map<string, Alert>();

  constructor(channel: AlertmanagerChannel, names: PlantNames, clock: Clock) {
    this.#channel = channel;
    this.#names = names;
    this.#clock = clock;
  }

  async show(standing: readonly AlarmState[], signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.now();
    const active = standing.filter(({ isActive }) => isActive);
    const alerts = new Map(
      active.map((state) => [state.key, alertOf(state, this.#names, nowMs, LASTS_MS)]),
    );
    const over = [...this.#shown].filter(([key]) => !alerts.has(key));
    const ended = over.map(([, alert]) => resolved(alert, nowMs));
    // What may have arrived must be ended once, also if it cannot be said that it did.
    this.#shown = new Map([...this.#shown, ...alerts]);
    await this.#send([...alerts.values(), ...ended], signal);
    this.#shown = alerts;
  }

  async test(notice: Notice, signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.now();
    await this.#send([testAlertOf(notice, nowMs, EVERY_MS)], signal);
  }

  /** All members of a cluster are told, and one that took it tells the others. */
  async #send(alerts: readonly Alert[], signal: AbortSignal): Promise<void> {
    const { urls } = this.#channel;
    const outcomes = await Promise.allSettled(urls.map((url) => this.#sendTo(url, alerts, signal)));
    const failures = outcomes.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    if (failures.length < urls.length) return;
    const [failure] = failures;
    if (failures.length === 1 || failures.some(isAbort)) throw failure;
    const text = failures.map(messageOf).join("; ");
    throw new DeliveryFailed(text, { isTransient: true, cause: failure });
  }

  async #sendTo(url: string, alerts: readonly Alert[], signal: AbortSignal): Promise<void> {
    const { token, ca, proxy } = this.#channel;
    const headers = {
      "content-type": "application/json",
      "user-agent": "Penstock",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const path = `${url.replace(/\/+$/, "")}/api/v2/alerts`;
    // With nothing to tell it is asked all the same: that it is away is better known beforehand.
    for (let from = 0; from === 0 || from < alerts.length; from += ALERTS_MAX) {
      const body = JSON.stringify(alerts.slice(from, from + ALERTS_MAX));
      const asked = { url: path, body, headers, way: { ca, proxy } };
      await post(asked, this.#clock.now(), signal);
    }
  }
}
