/**
 * The gateway's YAML file: the one source of its types, its defaults, its JSON Schema and its page
 * of documentation. Every key says what it means; `node config/generate.ts` after a change.
 */
import { z } from "zod";
import { gatewayRecipient } from "./alarms/alarm-recipients.ts";
import { gatewayAlarms } from "./gateway/alarms.ts";
import { buffer } from "./gateway/buffer.ts";
import { clock } from "./gateway/clock.ts";
import { device } from "./gateway/device.ts";
import { modbusSerialBus, modbusTcpBus } from "./gateway/modbus-bus.ts";
import { mqtt } from "./gateway/mqtt.ts";
import { serialBus, serialFieldsBus } from "./gateway/serial-bus.ts";
import { uplink } from "./gateway/uplink.ts";
import { listen, logLevel, name, version } from "./plain-keys.ts";

const bus = z.union([modbusTcpBus, modbusSerialBus, serialBus, serialFieldsBus]);

const http = z.strictObject({
  listen: listen.prefault("127.0.0.1:8080").describe("Address and port of page, API and metrics."),
});

export const gatewaySchema = z.strictObject({
  version: version.describe("Of the file's shape: 1."),
  gateway: name.describe("The name under which the cloud knows this gateway. Never reuse one."),
  site: z.string().max(64).optional().describe("A dimension of all its series."),
  log: logLevel,
  uplink: uplink
    .optional()
    .describe("The way to the cloud. Without one, readings stay in the buffer, within its limits."),
  buffer: buffer.prefault({}).describe("Readings wait here until the hub has confirmed them."),
  clock: clock.prefault({}).describe("The gateway's own clock."),
  mqtt: mqtt.optional().describe("Devices that publish."),
  buses: z.record(name, bus).default({}).describe("Wires to devices that are read, by name."),
  templates: z
    .string()
    .min(1)
    .optional()
    .describe("Folder of device templates of yours. If left out: `templates`, beside this file."),
  devices: z.record(name, device).default({}).describe("The devices, by names of yours."),
  alarms: gatewayAlarms
    .catchall(gatewayRecipient)
    .prefault({})
    .describe("Who is told of alarms, by names of yours; and how, in `policy`."),
  http: http.prefault({}).describe("The gateway's own page."),
});

export type GatewaySettings = z.infer<typeof gatewaySchema>;
