import { ReadingBatch, type Series } from "#agent/sources/contract.ts";
import { createDecoder } from "#agent/sources/payload/create-decoder.ts";
import type { TopicRule } from "#config/gateway/mqtt.ts";
import { type KeptReading, readingsOf } from "#test/support/memory-intake.ts";

export const NOW = 1_763_707_200_000;

type Rule = Partial<TopicRule>;

/** What a payload of device `d` gives under a rule. */
export function decode(
  payload: string | Uint8Array,
  { tag, ...rule }: Rule = {},
): { readings: Omit<KeptReading, "device">[]; areAllTimed: boolean } {
  const batch = new ReadingBatch("mqtt");
  const series = new Map<string, Series>();
  const target = {
    tag,
    seriesOf: (name: string) => {
      const made = series.get(name) ?? { index: series.size, device: "d", tag: name, lane: 0 };
      series.set(name, made);
      return made;
    },
  };
  const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
  const areAllTimed = createDecoder({ topic: "{device}", ...rule }).decode(
    bytes,
    target,
    NOW,
    batch,
  );
  return { readings: readingsOf(batch).map(withoutDevice), areAllTimed };
}

function withoutDevice(reading: KeptReading): Omit<KeptReading, "device"> {
  const { tag, ts, value, quality, reason } = reading;
  return { tag, ts, value, quality, ...(reason !== undefined && { reason }) };
}
