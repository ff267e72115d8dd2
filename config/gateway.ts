/** The gateway's YAML file: the one source of its types and defaults. */
import { z } from "zod";
import { eventHubs, listen, name, version } from "./shared.ts";
import { durationBetween, size, sizeBetween } from "./units.ts";

const HOUR_MS = 3_600_000;

const uplink = z.strictObject({
  eventHubs,
  /** Waits this long for more chunks before an event goes: latency against throughput units. */
  linger: durationBetween(0, 60_000).prefault("20ms"),
});

const buffer = z.strictObject({
  path: z.string().default("data/buffer"),
  maxBytes: size.prefault("1GiB"),
  maxAge: durationBetween(60_000, 400 * 24 * HOUR_MS).prefault("14d"),
  minFreeDisk: size.prefault("256MiB"),
  whenFull: z.enum(["drop-oldest", "drop-newest", "refuse"]).default("drop-oldest"),
  /** A segment waits at most this long for more readings before it is written. */
  linger: durationBetween(0, 1000).prefault("10ms"),
  lanes: z.int().min(1).max(64).default(8),
  /** A message that a device sends again within this time is recognised. */
  dedupeWindow: durationBetween(0, 24 * HOUR_MS).prefault("10m"),
});

export type BufferSettings = z.infer<typeof buffer>;

/**
 * Which topics carry readings, and what in them is the device and the tag: `{device}` and `{tag}`
 * match one level each, `+` any level, a trailing `#` the rest. Without `{tag}` the payload is an
 * object of `tag: value`.
 */
const topicRule = z.strictObject({
  topic: z.string().min(1),
  /** Fixed device, where the topic does not name one. */
  device: name.optional(),
  tag: name.optional(),
  /** Path to the value in the payload, such as `$.v`. Default: the payload itself, or its `value`. */
  value: z.string().optional(),
  /** Path to the time stamp, such as `$.t`. Default: `$.ts`. */
  ts: z.string().optional(),
});

export type TopicRule = z.infer<typeof topicRule>;

const broker = z.strictObject({
  listen: listen.prefault("127.0.0.1:1883"),
  maxPayload: size.prefault("256KiB"),
  maxClients: z.int().min(1).default(2000),
  connectTimeout: durationBetween(100, 60_000).prefault("5s"),
});

export type BrokerSettings = z.infer<typeof broker>;

const remoteBroker = z.strictObject({
  url: z.url({
    protocol: /^(mqtts?|wss?)$/,
    error: "expected a URL such as mqtt://broker.example:1883 (mqtt, mqtts, ws or wss)",
  }),
  clientId: name.optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  topics: z.array(topicRule).min(1),
});

export type RemoteBrokerSettings = z.infer<typeof remoteBroker>;

const mqtt = z.strictObject({
  broker: broker.optional(),
  topics: z.array(topicRule).default([]),
  /** Outside brokers to subscribe to, by a name of yours. */
  remotes: z.record(name, remoteBroker).default({}),
  /** Local alarms are published below this topic on the embedded broker. */
  alarmTopic: z.string().default("penstock/alarms"),
});

export type MqttSettings = z.infer<typeof mqtt>;

const modbusTcpBus = z.strictObject({
  modbus: z.literal("tcp", { error: `only "tcp" is known, so far` }),
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(502),
  timeout: durationBetween(10, 60_000).prefault("1s"),
});

export type ModbusTcpBusSettings = z.infer<typeof modbusTcpBus>;

const frame = z.strictObject({
  delimiter: z.string().min(1).default("\r\n"),
  /** A longer line is counted and thrown away. */
  maxLength: sizeBetween(16, 1024 * 1024).prefault("4KiB"),
});

const serialBus = z.strictObject({
  /** Device path, best the stable one below /dev/serial/by-id. */
  serial: z.string().min(1),
  baud: z.int().min(50).max(4_000_000).default(9600),
  parity: z.enum(["none", "even", "odd"]).default("none"),
  dataBits: z.union([z.literal(7), z.literal(8)]).default(8),
  stopBits: z.union([z.literal(1), z.literal(2)]).default(1),
  frame: frame.prefault({}),
  /** Regular expression with named groups: each group is a tag of the bus's device. */
  match: z.string().min(1),
  /** A line that says nothing for this long is reported as `bad`/`timeout`. */
  silence: durationBetween(100, HOUR_MS).prefault("30s"),
});

export type SerialBusSettings = z.infer<typeof serialBus>;

const bus = z.union([modbusTcpBus, serialBus]);

const wordOrder = z.enum(["ABCD", "CDAB", "BADC", "DCBA"]);

export type WordOrder = z.infer<typeof wordOrder>;

const limits = z.strictObject({
  hh: z.number().optional(),
  h: z.number().optional(),
  l: z.number().optional(),
  ll: z.number().optional(),
  /** How far a value must come back from its limit before the alarm clears. */
  deadband: z.number().min(0).default(0),
});

export type LimitSettings = z.infer<typeof limits>;

const tag = z.strictObject({
  /** `40001` notation: 4xxxx holding, 3xxxx input registers; five or six digits. */
  register: z.int().optional(),
  /** Coil or discrete input, numbered from 1. */
  coil: z.int().min(1).max(65_536).optional(),
  discrete: z.int().min(1).max(65_536).optional(),
  type: z.enum(["int16", "uint16", "int32", "uint32", "float32"]).default("uint16"),
  order: wordOrder.default("ABCD"),
  scale: z.number().default(1),
  offset: z.number().default(0),
  unit: z.string().max(32).optional(),
  limits: limits.optional(),
});

export type TagSettings = z.infer<typeof tag>;

const detect = z.strictObject({
  /** Sliding-window detection of spikes and shifts, without tuning. */
  auto: z.boolean().default(true),
});

const device = z.strictObject({
  bus: name.optional(),
  unit: z.int().min(0).max(255).default(1),
  every: durationBetween(10, 24 * HOUR_MS).prefault("1s"),
  line: z.string().max(64).optional(),
  tags: z.record(name, tag).default({}),
  detect: detect.prefault({}),
});

export type DeviceSettings = z.infer<typeof device>;

const http = z.strictObject({ listen: listen.prefault("127.0.0.1:8080") });

export const gatewaySchema = z.strictObject({
  version,
  gateway: name,
  site: z.string().max(64).optional(),
  log: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
  uplink,
  buffer: buffer.prefault({}),
  mqtt: mqtt.optional(),
  buses: z.record(name, bus).default({}),
  devices: z.record(name, device).default({}),
  http: http.prefault({}),
});

export type GatewaySettings = z.infer<typeof gatewaySchema>;
