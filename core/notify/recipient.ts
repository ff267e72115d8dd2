/** Who is told of alarms, by which ways, and of which: what the settings of both sides come down to. */
import type { AlarmPriority } from "../alarm.ts";

export interface Recipient {
  /** The recipient's name in the file. */
  readonly name: string;
  /** Less urgent alarms are not told. */
  readonly minPriority: AlarmPriority;
  /** Glob patterns of devices, as `oven-*`, or in the sink `hall-3/oven-*`; empty for all. */
  readonly devices: readonly string[];
  /** Name of the recipient that is told when this one cannot be reached. */
  readonly backup?: string | undefined;
  /** Tell again, this often, what nobody has acknowledged. */
  readonly repeatMs?: number | undefined;
  readonly quiet?: QuietHours | undefined;
  readonly channels: readonly Channel[];
}

/** A part of each day in which only the most urgent is told at once; the rest waits for its end. */
export interface QuietHours {
  /** Minutes since midnight. With `from` after `to` it goes over midnight. */
  readonly fromMinute: number;
  readonly toMinute: number;
  /** Of this priority, and more urgent, all is told at once. */
  readonly except: AlarmPriority;
  /** IANA name of the time zone; the machine's own if left out. */
  readonly zone?: string | undefined;
}

/** They carry each notice. */
export type CarriedChannel =
  | ({ readonly kind: "webhook" } & WebhookChannel)
  | ({ readonly kind: "mail" } & MailChannel)
  | ({ readonly kind: "mqtt" } & MqttChannel);

/** Only a gateway has wires. */
export type WiredChannel = { readonly kind: "coil" | "register" } & SignalChannel;

/** They show what stands, and so get no notices. */
export type MirroredChannel =
  | ({ readonly kind: "alertmanager" } & AlertmanagerChannel)
  | WiredChannel;

export type Channel = CarriedChannel | MirroredChannel;

export type ChannelKind = Channel["kind"];

/** How an HTTP server is reached. */
export interface HttpWay {
  /** File with the authorities, in PEM, by which the server is known; else the public ones. */
  readonly ca?: string | undefined;
  /** Of an HTTP proxy. */
  readonly proxy?: string | undefined;
}

export interface WebhookChannel extends HttpWay {
  readonly url: string;
  /** Requests are signed with it. */
  readonly key?: string | undefined;
}

export interface MailChannel {
  readonly host: string;
  readonly port: number;
  /** `starttls` is demanded, not offered. */
  readonly tls: "starttls" | "implicit" | "none";
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly ca?: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
}

export interface MqttChannel {
  readonly url: string;
  /** `{gateway}`, `{device}`, `{tag}`, `{rule}` and `{priority}` stand for what they say. */
  readonly topic: string;
  /** The broker keeps what is active, and forgets it when it clears. */
  readonly retain: boolean;
  readonly protocol: 4 | 5;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly ca?: string | undefined;
}

export interface AlertmanagerChannel extends HttpWay {
  /** Of all members of a cluster. */
  readonly urls: readonly string[];
  readonly token?: string | undefined;
}

/** A lamp, a horn or a display that shows whether alarms stand. */
export interface SignalChannel {
  readonly bus: string;
  readonly unit: number;
  readonly table: "coil" | "holding";
  /** From 0, as in the request. */
  readonly start: number;
  /** What is written: 1 for on; the highest priority, 1 to 4; how many there are. */
  readonly shows: "state" | "priority" | "count";
  /** A lamp stays on until all is normal, a horn until somebody has acknowledged. */
  readonly until: "cleared" | "acknowledged";
  /** On while all is well: a broken wire, or a dead agent, then looks like an alarm. */
  readonly isInverted: boolean;
  readonly heartbeat?: Heartbeat | undefined;
}

/** A register that counts up while the agent lives, for a watchdog in the PLC. */
export interface Heartbeat {
  /** From 0, as in the request. */
  readonly start: number;
  readonly everyMs: number;
}

/** By which a channel is known in the outbox, in alarms and in `notify ls`: `shift.webhook`. */
export function addressOf(recipient: Pick<Recipient, "name">, kind: ChannelKind): string {
  return `${recipient.name}.${kind}`;
}

export function isMirrored(channel: Channel): channel is MirroredChannel {
  const { kind } = channel;
  return kind === "alertmanager" || kind === "coil" || kind === "register";
}
