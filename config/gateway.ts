/**
 * The gateway's YAML file: the one source of its types, its defaults, its JSON Schema and its page
 * of documentation. Every key says what it means; `node config/generate.ts` after a change.
 */
import { z } from "zod";
import { eventHubs, listen, logLevel, name, version } from "./shared.ts";
import { durationBetween, size, sizeBetween } from "./units.ts";

const HOUR_MS = 3_600_000;

const uplink = z.strictObject({
  eventHubs: eventHubs.describe("Where readings are sent to."),
  linger: durationBetween(0, 60_000)
    .prefault("20ms")
    .describe("Wait this long for more readings before an event is sent: latency against events."),
});

const buffer = z.strictObject({
  path: z.string().min(1).default("data/buffer").describe("Folder of the buffer; made if missing."),
  maxBytes: size
    .prefault("1GiB")
    .describe("What the buffer may take up on the disk. At this size `whenFull` decides."),
  maxAge: durationBetween(60_000, 400 * 24 * HOUR_MS)
    .prefault("14d")
    .describe("Unsent readings older than this are dropped, counted and reported."),
  minFreeDisk: size
    .prefault("256MiB")
    .describe("Free space that is left on the disk, whatever `maxBytes` would allow."),
  whenFull: z
    .enum(["drop-oldest", "drop-newest", "refuse"])
    .default("drop-oldest")
    .describe("`refuse`: publishing devices get no acknowledgement, and so keep their data."),
  linger: durationBetween(0, 1000)
    .prefault("10ms")
    .describe("Wait at most this long for more readings before they are written to the disk."),
  lanes: z
    .int()
    .min(1)
    .max(64)
    .default(8)
    .describe("Devices are divided into this many lanes; fixed when the buffer is made."),
  dedupeWindow: durationBetween(0, 24 * HOUR_MS)
    .prefault("10m")
    .describe("A message that a device sends again within this time is recognised."),
});

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
    .enum(["ms", "s", "us", "ns"])
    .optional()
    .describe("Unit of times that are numbers, since 1970; `ms` if left out."),
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
  password: z.string().optional().describe("As `!secret NAME`."),
  topics: z.array(topicRule).min(1).describe("Which topics to subscribe to, and what is in them."),
});

export type RemoteBrokerSettings = z.infer<typeof remoteBroker>;

const mqtt = z.strictObject({
  broker: broker.optional().describe("The embedded broker, to which devices publish."),
  topics: z.array(topicRule).default([]).describe("What devices publish on the embedded broker."),
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

const modbusRequests = {
  timeout: durationBetween(10, 60_000)
    .prefault("1s")
    .describe("Without an answer within this time the readings are `bad`/`timeout`."),
  pause: durationBetween(0, 10_000)
    .prefault("0ms")
    .describe("Rest between an answer and the next request, for devices that need one."),
  maxGap: z
    .int()
    .min(0)
    .max(123)
    .default(8)
    .describe("Unwanted registers that may be read between wanted ones, to save a request."),
};

const modbusTcpBus = z.strictObject({
  modbus: z
    .enum(["tcp", "rtu-over-tcp"])
    .describe("A device, or a gateway to several, by network: Modbus TCP, or bare RTU frames."),
  host: z.string().min(1).describe("Its address."),
  port: z.int().min(1).max(65_535).default(502).describe("Its port."),
  ...modbusRequests,
});

const serialSettings = {
  baud: z.int().min(50).max(4_000_000).default(9600).describe("Bits a second."),
  parity: z.enum(["none", "even", "odd"]).default("none").describe("Parity bit."),
  dataBits: z
    .union([z.literal(7), z.literal(8)])
    .default(8)
    .describe("Bits a character."),
  stopBits: z
    .union([z.literal(1), z.literal(2)])
    .default(1)
    .describe("Stop bits."),
};

const modbusSerialBus = z.strictObject({
  modbus: z.enum(["rtu", "ascii"]).describe("Devices on a serial line, by Modbus RTU or ASCII."),
  port: z.string().min(1).describe("The port, best by its stable name in /dev/serial/by-id."),
  ...serialSettings,
  ...modbusRequests,
});

export type ModbusSerialBusSettings = z.infer<typeof modbusSerialBus>;

export type ModbusBusSettings = z.infer<typeof modbusTcpBus> | ModbusSerialBusSettings;

const bytes = z.string().min(1).max(16);

const frame = z.strictObject({
  delimiter: bytes.default("\r\n").describe("What ends a line."),
  start: bytes.optional().describe("What a frame begins with; what comes before is thrown away."),
  end: bytes.optional().describe("What ends a frame that has a start. Default: the delimiter."),
  length: z.int().min(1).max(65_536).optional().describe("Bytes of a frame, its start included."),
  idle: durationBetween(2, 60_000)
    .optional()
    .describe("A frame ends when nothing came for this long; nothing else ends it."),
  maxLength: sizeBetween(16, 1024 * 1024)
    .prefault("4KiB")
    .describe("A longer line is counted and thrown away."),
});

export type FrameSettings = z.infer<typeof frame>;

const ask = z.strictObject({
  send: z.string().min(1).max(256).describe('What is sent, such as "P\\r\\n".'),
  every: durationBetween(20, 24 * HOUR_MS)
    .prefault("1s")
    .describe("How often."),
});

const serialLine = {
  serial: z.string().min(1).describe("The port, best by its stable name in /dev/serial/by-id."),
  ...serialSettings,
  frame: frame.prefault({}).describe("How the bytes are cut into lines."),
  ask: ask.optional().describe("For a device that speaks only when it is asked."),
  silence: durationBetween(100, HOUR_MS)
    .prefault("30s")
    .describe("A line that says nothing for this long is reported as `bad`/`timeout`."),
};

const serialBus = z.strictObject({
  ...serialLine,
  match: z
    .string()
    .min(1)
    .describe("Regular expression with named groups: each group is a tag of the bus's device."),
});

const serialFieldsBus = z.strictObject({
  ...serialLine,
  format: z
    .enum(["csv", "key-value", "nmea"])
    .describe("Lines of columns, of `name=value`, or NMEA 0183 sentences with their checksum."),
  separator: z.string().length(1).default(",").describe("Between the columns of `csv`."),
  columns: z
    .array(z.union([name, z.literal("_")]))
    .max(256)
    .default([])
    .describe('Tags of the columns of `csv` or `nmea`, in their order; "-" leaves one out.'),
  sentence: z
    .string()
    .regex(/^[A-Z0-9]{3,8}$/)
    .optional()
    .describe("The `nmea` sentence that is read, with its talker or without: GPGGA, or GGA."),
});

export type SerialBusSettings = z.infer<typeof serialBus> | z.infer<typeof serialFieldsBus>;

const bus = z.union([modbusTcpBus, modbusSerialBus, serialBus, serialFieldsBus]);

const wordOrder = z.enum(["ABCD", "CDAB", "BADC", "DCBA"]);

export type WordOrder = z.infer<typeof wordOrder>;

const limits = z.strictObject({
  hh: z.number().optional().describe("Critically high."),
  h: z.number().optional().describe("High."),
  l: z.number().optional().describe("Low."),
  ll: z.number().optional().describe("Critically low."),
  deadband: z
    .number()
    .min(0)
    .default(0)
    .describe("How far a value must come back from its limit before the alarm clears."),
});

const bit = z.int().min(1).max(65_536).optional();

const tag = z.strictObject({
  register: z
    .int()
    .optional()
    .describe("`40001` notation, five or six digits: 4xxxx holding, 3xxxx input registers."),
  coil: bit.describe("Number of a coil, from 1."),
  discrete: bit.describe("Number of a discrete input, from 1."),
  type: z
    .enum([
      "int16",
      "uint16",
      "int32",
      "uint32",
      "float32",
      "int64",
      "uint64",
      "float64",
      "bcd16",
      "bcd32",
      "string",
    ])
    .default("uint16")
    .describe("What the register, or the registers from it on, hold."),
  length: z
    .int()
    .min(1)
    .max(125)
    .default(8)
    .describe("Registers of a `string`, two characters each."),
  bit: z
    .int()
    .min(0)
    .max(31)
    .optional()
    .describe("One bit of the register, 0 the least significant: the value is true or false."),
  invalid: z
    .array(z.number())
    .max(16)
    .default([])
    .describe("Raw values by which the device says that it has none, such as 0x7FFF."),
  values: z
    .record(z.string().regex(/^-?\d+$/, { error: "a raw value, such as 3" }), z.string().max(64))
    .optional()
    .describe("Names of raw values, such as { 0: stopped, 1: running }."),
  scaleRegister: z
    .int()
    .optional()
    .describe("Register that holds the power of ten to scale by, as SunSpec devices have."),
  counter: z
    .boolean()
    .default(false)
    .describe("It only ever counts up: where it falls, the reading is flagged."),
  deadband: z
    .union([z.number().min(0), z.string().regex(/^\d+(?:\.\d+)?%$/)], {
      error: "a number in the tag's unit, such as 0.2, or a share, such as 1%",
    })
    .optional()
    .describe("A value this near to the last one that was kept is left out; in the unit, or `1%`."),
  maxSilence: durationBetween(1000, 24 * HOUR_MS)
    .prefault("1m")
    .describe("With a deadband: a value is kept after this long, however little it changed."),
  range: z
    .tuple([z.number(), z.number()])
    .optional()
    .describe("What is plausible: a value outside is kept, and bad."),
  order: wordOrder
    .default("ABCD")
    .describe(
      "Order of the bytes; `CDAB` swaps the two registers. Try the others if it is absurd.",
    ),
  scale: z.number().default(1).describe("The value is the raw one times this …"),
  offset: z.number().default(0).describe("… plus this."),
  unit: z.string().max(32).optional().describe("Unit of measurement, as people shall read it."),
  limits: limits.optional().describe("Alarm limits."),
});

export type TagSettings = z.infer<typeof tag>;

const detect = z.strictObject({
  auto: z
    .boolean()
    .default(true)
    .describe("Sliding-window detection of spikes and shifts, without tuning."),
  method: z
    .enum(["records", "median"])
    .default("records")
    .describe("`records`: new extremes and the hour of the day. `median`: distance to the median."),
  sensitivity: z
    .enum(["low", "medium", "high"])
    .default("medium")
    .describe("How soon something counts as unusual: `high` for history, `low` for quiet nights."),
});

const device = z.strictObject({
  bus: name.optional().describe("The bus that the device is on. Without one it publishes by MQTT."),
  unit: z.int().min(0).max(255).default(1).describe("Its Modbus unit id."),
  every: durationBetween(10, 24 * HOUR_MS)
    .prefault("1s")
    .describe("How often it is read."),
  timeout: durationBetween(10, 60_000)
    .optional()
    .describe("Its own time-out, where it is slower than others on its bus."),
  line: z.string().max(64).optional().describe("Production line: a dimension of its series."),
  tags: z.record(name, tag).default({}).describe("What is read from it, by names of yours."),
  detect: detect.prefault({}).describe("What is watched for."),
});

export type DeviceSettings = z.infer<typeof device>;

const http = z.strictObject({
  listen: listen.prefault("127.0.0.1:8080").describe("Address and port of page, API and metrics."),
});

export const gatewaySchema = z.strictObject({
  version: version.describe("Of the file's shape: 1."),
  gateway: name.describe("The name under which the cloud knows this gateway. Never reuse one."),
  site: z.string().max(64).optional().describe("A dimension of all its series."),
  log: logLevel,
  uplink: uplink.describe("The way to the cloud."),
  buffer: buffer.prefault({}).describe("Readings wait here until the hub has confirmed them."),
  mqtt: mqtt.optional().describe("Devices that publish."),
  buses: z.record(name, bus).default({}).describe("Wires to devices that are read, by name."),
  devices: z.record(name, device).default({}).describe("The devices, by names of yours."),
  http: http.prefault({}).describe("The gateway's own page."),
});

export type GatewaySettings = z.infer<typeof gatewaySchema>;
