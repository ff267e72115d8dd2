/** `alarms`: who is told of alarms, and how. The same for gateway and sink, but for what is wired. */
import { z } from "zod";
import { name } from "../plain-keys.ts";
import { durationBetween, HOUR_MS } from "../units.ts";
import { alertmanager, mail, mqttChannel, webhook } from "./channels.ts";
import { quiet } from "./quiet.ts";
import { coilSignal, registerSignal } from "./signals.ts";

const ways = {
  webhook: webhook.optional().describe("An HTTP address that takes JSON; or its URL alone."),
  mail: mail.optional().describe("A mail."),
  mqtt: mqttChannel.optional().describe("A message on a broker, with QoS 1."),
  alertmanager: alertmanager
    .optional()
    .describe("Prometheus' Alertmanager, which groups, routes and silences; or its URL alone."),
};

const wiredWays = {
  coil: coilSignal.optional().describe("A lamp or horn: on while alarms stand."),
  register: registerSignal.optional().describe("A display, or a PLC: what stands, as a number."),
};

const choice = {
  priority: z
    .enum(["low", "medium", "high", "critical"])
    .default("medium")
    .describe("Alarms of this priority, and more urgent ones."),
  devices: z
    .array(z.string().min(1).max(200))
    .max(100)
    .default([])
    .describe("Only of these devices, as `oven-*`; in the sink `GATEWAY/DEVICE`. Else of all."),
  repeat: durationBetween(60_000, 7 * 24 * HOUR_MS)
    .optional()
    .describe("Tell again, this often, what is active and nobody has acknowledged."),
  quiet: quiet.optional().describe("Part of the day in which only what is urgent is told."),
  backup: name
    .optional()
    .describe("Who is told when this one cannot be reached. If left out: everybody else."),
};

/** As the sink knows it. */
export const sinkRecipient = z.strictObject({ ...ways, ...choice });

/** As the gateway knows it. */
export const gatewayRecipient = z.strictObject({ ...ways, ...wiredWays, ...choice });

/** By names of theirs. */
export type RecipientsSettings = Readonly<Record<string, z.infer<typeof gatewayRecipient>>>;

/** Keys of a recipient that are a way to it. */
export const GATEWAY_WAYS: readonly string[] = [...Object.keys(ways), ...Object.keys(wiredWays)];
export const SINK_WAYS: readonly string[] = Object.keys(ways);
