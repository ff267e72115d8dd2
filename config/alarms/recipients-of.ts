/** Recipients as the file has them, made into what the notifiers take. */
import type {
  AlertmanagerChannel,
  Channel,
  MailChannel,
  Recipient,
  SignalChannel,
  WebhookChannel,
} from "#core/notify/recipient.ts";
import { registerAddress } from "../gateway/modbus-address.ts";
import type { RecipientsSettings } from "./alarm-recipients.ts";
import { isLoopback } from "./loopback.ts";
import { quietHoursOf } from "./quiet.ts";

type RecipientSettings = RecipientsSettings[string];

/** @param others keys of the section that are no recipients */
export function recipientsOf(
  section: RecipientsSettings,
  others: readonly string[] = [],
): Recipient[] {
  const named = Object.entries(section).filter(([name]) => !others.includes(name));
  return named.map(([name, recipient]) => {
    const { priority, devices, backup, repeat, quiet } = recipient;
    return {
      name,
      minPriority: priority,
      devices,
      backup,
      repeatMs: repeat,
      quiet: quiet && quietHoursOf(quiet),
      channels: channelsOf(recipient),
    };
  });
}

function channelsOf(recipient: RecipientSettings): Channel[] {
  const { webhook, mail, mqtt, alertmanager, coil, register } = recipient;
  const channels: (Channel | undefined)[] = [
    coil && { kind: "coil", ...signalOf(coil), table: "coil", start: coil.coil - 1 },
    register && { kind: "register", ...signalOf(register), ...holding(register.register) },
    webhook === undefined ? undefined : { kind: "webhook", ...webhookOf(webhook) },
    alertmanager === undefined
      ? undefined
      : { kind: "alertmanager", ...alertmanagerOf(alertmanager) },
    mqtt && { kind: "mqtt", ...mqtt },
    mail && { kind: "mail", ...mailOf(mail) },
  ];
  return channels.filter((channel) => channel !== undefined);
}

type SignalSettings = NonNullable<RecipientSettings["coil"] | RecipientSettings["register"]>;

function signalOf(signal: SignalSettings): Omit<SignalChannel, "table" | "start"> {
  const { bus, unit, until, heartbeat } = signal;
  return {
    bus,
    unit,
    until,
    shows: "shows" in signal ? signal.shows : "state",
    isInverted: "inverted" in signal && signal.inverted,
    heartbeat: heartbeat && {
      start: holding(heartbeat.register).start,
      everyMs: heartbeat.every,
    },
  };
}

function holding(register: number): { table: "holding"; start: number } {
  const address = registerAddress(register);
  if (address?.table !== "holding") throw new Error("the schema takes holding registers only");
  return { table: "holding", start: address.start };
}

function webhookOf(settings: NonNullable<RecipientSettings["webhook"]>): WebhookChannel {
  return typeof settings === "string" ? { url: settings } : settings;
}

function alertmanagerOf(
  settings: NonNullable<RecipientSettings["alertmanager"]>,
): AlertmanagerChannel {
  if (typeof settings === "string") return { urls: [settings] };
  if ("length" in settings) return { urls: settings };
  const { url, ...way } = settings;
  return { urls: typeof url === "string" ? [url] : url, ...way };
}

const PORTS = { starttls: 587, implicit: 465, none: 25 } as const;

/** Mails to a server of this machine never leave it, so nothing is to be hidden. */
function mailOf(settings: NonNullable<RecipientSettings["mail"]>): MailChannel {
  const { tls = isLoopback(settings.host) ? "none" : "starttls" } = settings;
  return { ...settings, tls, port: settings.port ?? PORTS[tls] };
}
