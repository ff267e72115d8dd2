/** The one place that knows which class brings notices by which way. */
import type { Clock } from "../clock.ts";
import { AlertmanagerMirror } from "./alertmanager.ts";
import type { Mirror, Notifier, PlantNames } from "./contract.ts";
import { MailNotifier } from "./mail.ts";
import { MqttNotifier } from "./mqtt.ts";
import type { CarriedChannel, MirroredChannel, WiredChannel } from "./recipient.ts";
import { WebhookNotifier } from "./webhook.ts";

export function makeNotifier(channel: CarriedChannel, clock: Clock): Notifier {
  switch (channel.kind) {
    case "webhook":
      return new WebhookNotifier(channel, clock);
    case "mail":
      return new MailNotifier(channel);
    case "mqtt":
      return new MqttNotifier(channel);
  }
}

export function makeMirror(
  channel: MirroredChannel,
  names: PlantNames,
  clock: Clock,
  makeSignal: ((settings: WiredChannel) => Mirror) | undefined,
): Mirror {
  if (channel.kind === "alertmanager") return new AlertmanagerMirror(channel, names, clock);
  if (!makeSignal) throw new Error("a sink's schema has no signals");
  return makeSignal(channel);
}
