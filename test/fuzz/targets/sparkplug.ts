/** Sparkplug B: payloads, and what a host makes of a whole sequence of messages. */
import { isDeepStrictEqual } from "node:util";
import { ReadingBatch } from "#agent/sources/contract.ts";
import { qualityOf, valueOf } from "#agent/sources/mqtt/sparkplug/metric-value.ts";
import {
  decodePayload,
  encodePayload,
  type Metric,
  type SparkplugPayload,
} from "#agent/sources/mqtt/sparkplug/payload-codec.ts";
import { SparkplugHost } from "#agent/sources/mqtt/sparkplug/sparkplug-host.ts";
import { TopicRouter } from "#agent/sources/mqtt/topic-router.ts";
import { PenstockError } from "#core/errors.ts";
import { silentLogger } from "#core/log.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { MemoryIntake } from "#test/support/memory-intake.ts";
import { type FuzzTarget, holds } from "../target.ts";

const METRICS: readonly Metric[] = [
  { name: "bdSeq", datatype: 8, longValue: 3n },
  { name: "speed", alias: 1n, datatype: 10, doubleValue: 12.5, timestamp: 1_763_707_200_000n },
  { name: "count", alias: 2n, datatype: 1, intValue: 0xffff_fffe, isHistorical: true },
  { name: "text", alias: 3n, datatype: 12, stringValue: "running" },
  { name: "long", alias: 4n, datatype: 4, longValue: 2n ** 64n - 1n },
  {
    name: "state",
    datatype: 11,
    booleanValue: true,
    properties: { keys: ["Quality"], values: [{ intValue: 500 }] },
  },
  { name: "none", datatype: 9, isNull: true, isTransient: true },
];

/** With aliases instead of names. */
const DATA: readonly Metric[] = [
  { alias: 1n, doubleValue: Number.NaN },
  { alias: 2n, intValue: 7 },
  { alias: 99n, floatValue: 1.5 },
];

function payload(seq: bigint, metrics: readonly Metric[]): SparkplugPayload {
  return { timestamp: 1_763_707_200_000n, seq, metrics: [...metrics] };
}

/** @throws PenstockError PAYLOAD_MALFORMED */
function decodes(input: Uint8Array): void {
  const decoded = decodePayload(input);
  const again = decodePayload(encodePayload(decoded));
  holds(isDeepStrictEqual(again, decoded), "what was decoded is encoded as what it is");
  for (const metric of decoded.metrics ?? []) {
    const value = valueOf(metric, metric.datatype);
    holds("scalar" in value || value.refusal !== "", "a metric has a value, or a reason");
    qualityOf(metric);
  }
}

export const payloads: FuzzTarget = {
  name: "sparkplug-payload",
  describe: "Sparkplug B payloads",
  seeds: [payload(0n, METRICS), payload(1n, DATA), {}].map(encodePayload),
  dictionary: [
    Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0x0f]),
    Buffer.from([0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
    Buffer.from([0x0b, 0x0b, 0x0b]),
  ],
  feed: (input) => ignoringRefusals(() => decodes(input)),
};

function ignoringRefusals(parse: () => void): void {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof PenstockError) || error.code !== "PAYLOAD_MALFORMED") throw error;
  }
}

/** An input is a sequence of messages: kind, device, and the payload behind its length. */
const KINDS = ["NBIRTH", "DBIRTH", "NDATA", "DDATA", "DDEATH", "NDEATH", "NCMD", "STATE"];
const HEADER_BYTES = 4;

function message(kind: string, device: number, content: SparkplugPayload): Buffer {
  const bytes = encodePayload(content);
  const header = Buffer.from([KINDS.indexOf(kind), device, 0, 0]);
  header.writeUInt16BE(bytes.length, 2);
  return Buffer.concat([header, bytes]);
}

const LIFE = Buffer.concat([
  message("NBIRTH", 0, payload(0n, METRICS)),
  message("DBIRTH", 1, payload(1n, METRICS)),
  message("DDATA", 1, payload(2n, DATA)),
  message("NDATA", 0, payload(4n, DATA)),
  message("DDEATH", 1, payload(5n, [])),
  message("NDEATH", 0, payload(0n, METRICS.slice(0, 1))),
]);

function feedHost(input: Buffer): void {
  const clock = new ManualClock();
  let asked = 0;
  const host = new SparkplugHost({
    settings: { hostId: "hall-3", groups: ["+"] },
    router: new TopicRouter([], new MemoryIntake(), "mqtt"),
    clock,
    log: silentLogger,
    publish: () => {
      asked += 1;
    },
    wallMs: () => clock.now(),
  });
  let messages = 0;
  for (let at = 0; at + HEADER_BYTES <= input.length; messages++) {
    const kind = KINDS[(input[at] ?? 0) % KINDS.length] ?? "";
    const device = (input[at + 1] ?? 0) % 4;
    const end = at + HEADER_BYTES + input.readUInt16BE(at + 2);
    const bytes = input.subarray(at + HEADER_BYTES, end);
    at = end;
    const path = kind.startsWith("D") ? `${kind}/n/d${device}` : `${kind}/n${device}`;
    const batch = new ReadingBatch("mqtt");
    ignoringRefusals(() => host.decode(`spBv1.0/g/${path}`, bytes, batch));
    for (const [i, value] of batch.values.entries()) {
      holds(typeof value !== "number" || Number.isFinite(value), "numbers are finite");
      holds(Number.isFinite(batch.ts[i]), "times are finite");
      holds(value !== null || batch.qualities[i] !== "good", "what has no value is not good");
    }
  }
  holds(asked <= messages, "a message asks for one birth at most");
}

export const host: FuzzTarget = {
  name: "sparkplug-host",
  describe: "messages of Sparkplug nodes, one after the other",
  seeds: [LIFE, Buffer.concat([LIFE, LIFE])],
  feed: (input) => feedHost(Buffer.from(input)),
};
