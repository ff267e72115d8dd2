/** Posts notices as JSON to an HTTP address. */
import type { Notice } from "../alarms/contract.ts";
import type { Clock } from "../clock.ts";
import { boundedNotice } from "./bounded-notice.ts";
import type { Notifier } from "./contract.ts";
import { post } from "./http-post.ts";
import type { WebhookChannel } from "./recipient.ts";
import { signatureOf, webhookBodyOf } from "./webhook-body.ts";

export class WebhookNotifier implements Notifier {
  readonly kind = "webhook";
  readonly #channel: WebhookChannel;
  readonly #clock: Clock;

  constructor(channel: WebhookChannel, clock: Clock) {
    this.#channel = channel;
    this.#clock = clock;
  }

  async deliver(notice: Notice, signal: AbortSignal): Promise<void> {
    const { url, key, ca, proxy } = this.#channel;
    const content = webhookBodyOf(boundedNotice(notice));
    const body = JSON.stringify(content);
    const nowMs = this.#clock.now();
    const timeS = Math.floor(nowMs / 1000);
    const headers = {
      "content-type": "application/json",
      "user-agent": "Penstock",
      "x-penstock-notice-id": content.id,
      // Of RFC 8941's form, as the draft of this header wants it.
      "idempotency-key": `"${content.id}"`,
      "x-penstock-timestamp": String(timeS),
      ...(key !== undefined && { "x-penstock-signature": signatureOf(key, timeS, body) }),
    };
    await post({ url, body, headers, way: { ca, proxy } }, nowMs, signal);
  }
}
