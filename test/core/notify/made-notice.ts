/** Notices, alarms and recipients for tests. */
import type { AlarmState, Notice } from "#core/alarms/contract.ts";
import type { Channel, MailChannel, Recipient } from "#core/notify/recipient.ts";
import { MANUAL_CLOCK_START_MS } from "#test/support/manual-clock.ts";

/** A limit of an oven's temperature. */
export function madeNotice(changes: Partial<Notice> = {}): Notice {
  return {
    id: "raised/oven-2 temperature limit-hh 1",
    key: "oven-2/temperature/limit-hh",
    kind: "raised",
    at: MANUAL_CLOCK_START_MS,
    priority: "critical",
    title: "oven-2 temperature is above 240 °C",
    gateway: "hall-3",
    site: "north",
    device: "oven-2",
    tag: "temperature",
    rule: "limit-hh",
    unit: "°C",
    value: 241.3,
    expected: 240,
    message: "The temperature of oven-2 is 241.3 °C, above its limit of 240 °C.",
    since: MANUAL_CLOCK_START_MS - 2000,
    points: [230, 232, 235, 239, 241.3],
    related: [{ tag: "pressure", value: "2.1", unit: "bar" }],
    action: "Close the gas valve.",
    runbook: "https://wiki.example.com/ovens#hot",
    acknowledge: "penstock alarm ack oven-2/temperature/limit-hh",
    ...changes,
  };
}

/** The end of `madeNotice`, a minute later. */
export function madeEnd(changes: Partial<Notice> = {}): Notice {
  return madeNotice({
    id: "cleared/oven-2 temperature limit-hh 1",
    kind: "cleared",
    at: MANUAL_CLOCK_START_MS + 60_000,
    title: "Over: oven-2 temperature is above 240 °C",
    ...changes,
  });
}

/** The alarm that `madeNotice` tells of. */
export function madeState(
  raised: Partial<AlarmState["raised"]> = {},
  changes: Partial<AlarmState> = {},
): AlarmState {
  const { device, tag, rule, priority, value, expected, message } = madeNotice();
  const transition = {
    id: "1",
    state: "active" as const,
    ts: MANUAL_CLOCK_START_MS,
    device,
    tag,
    rule,
    priority,
    value,
    expected,
    message,
    ...raised,
  };
  return {
    key: [transition.device, transition.tag, transition.rule].join("/"),
    gateway: "",
    raised: transition,
    seen: [],
    isActive: true,
    isAcknowledged: false,
    isLatched: false,
    activeSince: MANUAL_CLOCK_START_MS - 2000,
    raises: 1,
    isChattering: false,
    isNotified: true,
    ...changes,
  };
}

export function madeRecipient(
  name: string,
  channels: readonly Channel[],
  changes: Partial<Recipient> = {},
): Recipient {
  return { name, minPriority: "medium", devices: [], channels, ...changes };
}

export const MAIL_CHANNEL: MailChannel = {
  host: "127.0.0.1",
  port: 25,
  tls: "none",
  from: "gateway@example.com",
  to: ["shift@example.com"],
};

export const PLANT = {
  gatewayName: (gateway: string): string => (gateway === "" ? "hall-3" : gateway),
  siteOf: (): { site: string } => ({ site: "north" }),
  unitOf: (): string => "°C",
  adviceOf: (): { action: string; runbook: string } => ({
    action: "Close the gas valve.",
    runbook: "https://wiki.example.com/ovens#hot",
  }),
  acknowledgeWith: (key: string): string => `penstock alarm ack ${key}`,
};
