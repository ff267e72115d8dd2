/** A notice as messages of MQTT. Pure. */
import type { Notice } from "../alarms/contract.ts";
import { incidentId, isOfSeveral } from "./notice-id.ts";
import { isOverflow } from "./overflow.ts";
import type { MqttChannel } from "./recipient.ts";
import { webhookBodyOf } from "./webhook-body.ts";

export interface MqttMessage {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

/** @param notice bounded */
export function mqttMessagesOf(
  notice: Notice,
  { topic, retain }: Pick<MqttChannel, "topic" | "retain">,
): MqttMessage[] {
  const message = {
    topic: filledIn(topic, notice),
    payload: JSON.stringify(webhookBodyOf(notice)),
  };
  if (!retain || notice.kind === "test") return [{ ...message, retain: false }];
  // What stands for many has no end that would remove it.
  if (isOverflow({ notice })) return [{ ...message, retain: false }];
  if (notice.kind !== "cleared") return [{ ...message, retain: true }];
  // Whoever listens hears of the end; whoever comes later finds nothing (an empty message removes
  // what is retained: MQTT 3.1.1, section 3.3.1.3).
  return [
    { ...message, retain: false },
    { ...message, payload: "", retain: true },
  ];
}

function filledIn(topic: string, notice: Notice): string {
  const places = placesOf(notice);
  return topic.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const text = places[name];
    return text === undefined ? whole : levelOf(text);
  });
}

/** The notices of one group have one topic, though each may name another of its members. */
function placesOf(notice: Notice): Readonly<Record<string, string>> {
  const { gateway, device, tag, rule, priority } = notice;
  if (!isOfSeveral(notice)) return { gateway, device, tag, rule, priority };
  return { gateway, device: "(several)", tag: incidentOf(notice), rule: "group", priority };
}

function incidentOf({ key }: Notice): string {
  return incidentId({ key, since: 0 }).slice(0, 12);
}

/** One level of a topic, without signs that mean something there. */
function levelOf(text: string): string {
  const plain = text.replaceAll(/[/+#]/g, "_");
  return plain === "" ? "_" : plain;
}
