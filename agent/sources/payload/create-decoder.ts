import type { TopicRule } from "#config/gateway/mqtt.ts";
import { CsvDecoder } from "./csv-decoder.ts";
import { JsonDecoder } from "./json-decoder.ts";
import { PlainDecoder } from "./plain-decoder.ts";
import type { MessageDecoder } from "./rows.ts";

/** @throws PenstockError CONFIG_INVALID */
export function createDecoder(rule: TopicRule): MessageDecoder {
  switch (rule.format) {
    case "csv":
      return new CsvDecoder(rule);
    case "text":
      return new PlainDecoder(rule);
    default:
      return new JsonDecoder(rule);
  }
}
