/** `mqtt`: the embedded broker, outside brokers, and what is in the topics. */
import { z } from "zod";
import { listen, name, secretText } from "../plain-keys.ts";
import { durationBetween, size } from "../units.ts";
import { sparkplug } from "./sparkplug.ts";

const topicRule = z.strictObject({
  topic: z
    .string()
    .min(1)
    .describe(
      "`{device}` and `{tag}` match one level each, `+` any level, a trailing `#` the rest. " +
        "Without a tag the payload is an object of `tag: value`.",
    ),
  device: name.optional().describe("The device, where the topic does not name one."),
  tag: name.optional().describe("The tag, where the topic does not name one."),
  value: z
    .string()
    .min(1)
    .optional()
    .describe("Path to the value in the payload, such as `$.v`. Else the payload, or its `value`."),
  ts: z
    .string()
    .min(1)
    .optional()
    .describe("Path to the time in the payload, such as `$.t`. Else `$.ts`."),
  time: z
    .enum(["ms", "s", "us", "ns", "gateway"])
    .optional()
    .describe(
      "Unit of times that are numbers, since 1970; `ms` if left out. `gateway`: the time of arrival, " +
        "whatever the payload says.",
    ),
  format: z
    .enum(["json", "csv", "text"])
    .optional()
    .describe("What payloads are; `json` if left out. `text` is one bare value."),
  columns: z
    .array(z.string().min(1))
    .min(1)
    .max(1000)
    .optional()
    .describe("Tags of the cells of a CSV line. `ts` is the time, `_` is left out."),
  separator: z
    .string()
    .length(1)
    .optional()
    .describe("Between the cells of a CSV line; `,` if left out."),
  decimal: z
    .enum([".", ","])
    .optional()
    .describe("Decimal sign of numbers in `csv` and `text`; `.` if left out."),
  values: z
    .record(z.string(), z.union([z.number(), z.boolean()]))
    .optional()
    .describe("What texts stand for, such as `{ running: true, stopped: false }`."),
});

export type TopicRule = z.infer<typeof topicRule>;

const brokerUser = z.strictObject({
  password: z
    .string()
    .regex(/^scrypt:\d+:\d+:\d+:[^:]+:[^:]+$/, {
      error: "expected scrypt:N:r:p:SALT:HASH, never the password itself",
    })
    .optional()
    .describe("Hash of the password. Without one the user needs a client certificate."),
  publish: z
    .array(z.string().min(1))
    .default(["#"])
    .describe("Filters of topics to publish on; `{user}` stands for the user's name."),
  subscribe: z
    .array(z.string().min(1))
    .default([])
    .describe("Filters of topics to subscribe to; `{user}` stands for the user's name."),
});

const broker = z.strictObject({
  listen: listen.prefault("127.0.0.1:1883").describe("Address and port of the embedded broker."),
  maxPayload: size.prefault("256KiB").describe("A client that sends more is disconnected."),
  maxClients: z.int().min(1).default(2000).describe("Connections beyond this are refused."),
  maxRate: z
    .int()
    .min(1)
    .default(5000)
    .describe("Messages a second of one client. One that sends faster has to wait, alone."),
  connectTimeout: durationBetween(100, 60_000)
    .prefault("5s")
    .describe("A connection that does not introduce itself within this time is closed."),
  tls: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Folder of `cert.pem` and `key.pem`: the broker then speaks TLS only. With a `ca.pem` in it, " +
        "clients must have a certificate of that authority.",
    ),
  users: z
    .record(name, brokerUser)
    .optional()
    .describe("Who may connect. Without users everybody may, and publish on any topic."),
});

export type BrokerSettings = z.infer<typeof broker>;

const remoteBroker = z.strictObject({
  url: z
    .url({
      protocol: /^(mqtts?|wss?)$/,
      error: "expected a URL such as mqtt://broker.example:1883 (mqtt, mqtts, ws or wss)",
    })
    .describe("Such as `mqtts://broker.example:8883`."),
  protocol: z
    .literal([4, 5], { error: "4 is MQTT 3.1.1, 5 is MQTT 5" })
    .default(4)
    .describe("4 is MQTT 3.1.1, 5 is MQTT 5."),
  clientId: name
    .optional()
    .describe("Fixed client id, used nowhere else: the broker keeps messages while we are away."),
  share: name
    .optional()
    .describe("Shared subscription: gateways with the same name here divide the messages."),
  tls: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Folder of `ca.pem`, to know the broker by, and of `cert.pem` and `key.pem`, if it asks.",
    ),
  username: z.string().optional().describe("User to log in as."),
  password: secretText.optional().describe("As `!secret NAME`."),
  topics: z
    .array(topicRule)
    .default([])
    .describe("Which topics to subscribe to, and what is in them."),
  sparkplug: sparkplug.optional().describe("For Sparkplug B nodes on this broker."),
});

export type RemoteBrokerSettings = z.infer<typeof remoteBroker>;

export const mqtt = z.strictObject({
  broker: broker.optional().describe("The embedded broker, to which devices publish."),
  topics: z.array(topicRule).default([]).describe("What devices publish on the embedded broker."),
  sparkplug: sparkplug.optional().describe("For Sparkplug B nodes on the embedded broker."),
  remotes: z
    .record(name, remoteBroker)
    .default({})
    .describe("Outside brokers to subscribe to, by a name of yours."),
  alarmTopic: z
    .string()
    .min(1)
    .default("penstock/alarms")
    .describe("Local alarms are published below this topic on the embedded broker."),
});
