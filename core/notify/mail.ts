/** Sends notices as mails, each over a connection of its own: alarms are rare, and servers restart. */
import { readFile } from "node:fs/promises";
import type { Notice } from "../alarms/contract.ts";
import { isAbort, messageOf } from "../errors.ts";
import { boundedNotice } from "./bounded-notice.ts";
import { DeliveryFailed, type Notifier } from "./contract.ts";
import { type MailMessage, mailMessageOf } from "./mail-message.ts";
import type { MailChannel } from "./recipient.ts";

const CONNECT_MS_MAX = 10_000;
const SILENCE_MS_MAX = 20_000;

export class MailNotifier implements Notifier {
  readonly kind = "mail";
  readonly #channel: MailChannel;

  constructor(channel: MailChannel) {
    this.#channel = channel;
  }

  async deliver(notice: Notice, signal: AbortSignal): Promise<void> {
    const { host, port } = this.#channel;
    const message = mailMessageOf(boundedNotice(notice), this.#channel);
    let rejected: readonly string[];
    try {
      rejected = await this.#send(message, signal);
    } catch (error) {
      if (signal.aborted || isAbort(error)) throw error;
      const text = `the mail server ${host}:${port} did not take it: ${messageOf(error)}`;
      throw new DeliveryFailed(text, { isTransient: canHelp(error), cause: error });
    }
    if (rejected.length === 0) return;
    // The others have it: sending again would reach them twice.
    const text = `the mail server ${host}:${port} refuses ${rejected.join(", ")}`;
    throw new DeliveryFailed(text, { isTransient: false });
  }

  /** Gives the addresses that were refused while others were taken. */
  async #send(message: MailMessage, signal: AbortSignal): Promise<readonly string[]> {
    const { host, port, tls, user, password, ca } = this.#channel;
    const authorities = ca === undefined ? undefined : await readFile(ca);
    // A gateway that sends no mails need not hold it in memory.
    const { createTransport } = await import("nodemailer");
    const transport = createTransport({
      host,
      port,
      secure: tls === "implicit",
      requireTLS: tls === "starttls",
      ignoreTLS: tls === "none",
      ...(authorities && { tls: { ca: authorities } }),
      ...(user !== undefined && { auth: { user, pass: password ?? "" } }),
      connectionTimeout: CONNECT_MS_MAX,
      greetingTimeout: CONNECT_MS_MAX,
      socketTimeout: SILENCE_MS_MAX,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    try {
      const sent = await transport.sendMail({ ...message, signal });
      return sent.rejected;
    } finally {
      transport.close();
    }
  }
}

/** SMTP's own word counts: 4yz is "not now", 5yz "never" (RFC 5321, section 4.2.1). */
function canHelp(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  // A wrong password is mended by somebody; the notice itself is not at fault.
  const isOfTheNotice =
    "code" in error && (error.code === "EENVELOPE" || error.code === "EMESSAGE");
  const status = "responseCode" in error ? Number(error.responseCode) : 0;
  return !(isOfTheNotice && status >= 500);
}
