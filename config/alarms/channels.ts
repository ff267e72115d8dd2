/** Ways to people and programs that both sides know. */
import { z } from "zod";
import { secretText } from "../plain-keys.ts";

const httpUrl = z
  .url({ protocol: /^https?$/, error: "expected a URL such as https://hooks.example.com/alarms" })
  .max(2000);

const ca = z
  .string()
  .min(1)
  .optional()
  .describe(
    "File with the authorities, in PEM, that the server is known by; else the public ones.",
  );

const proxy = z
  .url({ protocol: /^https?$/, error: "expected http://HOST:PORT" })
  .optional()
  .describe("An HTTP proxy, such as http://proxy:3128.");

export const webhook = z.union([
  z.strictObject({
    url: httpUrl.describe("Each notice is posted there as JSON. As `!secret NAME`, if it is one."),
    key: z
      .string()
      .min(8, { error: "a key has 8 characters at least" })
      .optional()
      .describe("Requests are signed with it (HMAC-SHA256). As `!secret NAME`."),
    ca,
    proxy,
  }),
  httpUrl.meta({ title: "URL" }),
]);

const address = z.email({ error: "expected a mail address, such as shift@example.com" }).max(254);

export const mail = z.strictObject({
  host: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9.-]*$|^\[?[0-9A-Fa-f:.]+\]?$/, {
      error: "expected a host name, such as mail.example.com",
    })
    .describe("The mail server that takes our mails."),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe("If left out: 587 for `starttls`, 465 for `implicit`, 25 for `none`."),
  tls: z
    .enum(["starttls", "implicit", "none"])
    .optional()
    .describe("`starttls` is demanded. If left out: `none` for this machine, else `starttls`."),
  ca,
  user: z.string().min(1).optional().describe("User to log in as."),
  password: secretText.optional().describe("As `!secret NAME`."),
  from: address.describe("The sender's address."),
  to: z.array(address).min(1).max(50).describe("The addresses of those who are told."),
});

/** Each alarm then has a topic of its own. */
const ALARMS_OWN_LEVELS = ["{device}", "{tag}", "{rule}"];

export const mqttChannel = z
  .strictObject({
    url: z
      .url({
        protocol: /^(mqtts?|wss?)$/,
        error: "expected a URL such as mqtt://broker.example:1883 (mqtt, mqtts, ws or wss)",
      })
      .describe("The broker, such as `mqtts://broker.example:8883`."),
    topic: z
      .string()
      .min(1)
      .max(500)
      .regex(/^[^+#]*$/, { error: "a topic to publish on has no + and no #" })
      .default("penstock/notices/{gateway}/{device}/{tag}/{rule}")
      .describe("`{gateway}`, `{device}`, `{tag}`, `{rule}`, `{priority}` are put in."),
    retain: z
      .boolean()
      .default(false)
      .describe("The broker keeps what is active, and forgets it when it clears."),
    protocol: z
      .literal([4, 5], { error: "4 is MQTT 3.1.1, 5 is MQTT 5" })
      .default(4)
      .describe("4 is MQTT 3.1.1, 5 is MQTT 5, which also tells when it refuses a topic."),
    ca,
    user: z.string().min(1).optional().describe("User to log in as."),
    password: secretText.optional().describe("As `!secret NAME`."),
  })
  .refine(
    ({ retain, topic }) => !retain || ALARMS_OWN_LEVELS.every((part) => topic.includes(part)),
    {
      path: ["topic"],
      error: "retain keeps one message a topic, so the topic needs {device}, {tag} and {rule}",
    },
  );

const cluster = z.array(httpUrl).min(1).max(8);

export const alertmanager = z.union([
  z.strictObject({
    url: z
      .union([httpUrl, cluster])
      .meta({ title: "URL, or list of URLs" })
      .describe("Of Alertmanager, as http://127.0.0.1:9093; of a cluster all members."),
    token: secretText.optional().describe("A bearer token. As `!secret NAME`."),
    ca,
    proxy,
  }),
  httpUrl.meta({ title: "URL" }),
  cluster.meta({ title: "list of URLs" }),
]);
