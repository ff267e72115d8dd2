/** Paths and topics: what a file says of messages, and what clients publish under. */

import { parseTopic } from "#agent/sources/mqtt/sparkplug/topic.ts";
import { TopicRouter } from "#agent/sources/mqtt/topic-router.ts";
import { createPathReader, parsePath } from "#agent/sources/payload/json-path.ts";
import { mqtt } from "#config/gateway/mqtt.ts";
import { PenstockError } from "#core/errors.ts";
import { MemoryIntake } from "#test/support/memory-intake.ts";
import { bytes, type FuzzTarget, holds } from "../target.ts";

const JSON_TREE = { d: [{ v: 1 }, { "a b": [true, null] }], toString: 5 };

export const path: FuzzTarget = {
  name: "json-path",
  describe: "paths into JSON payloads",
  seeds: bytes("$.d[0].v", "$['a b'][1]", "$", "$.d[1]['a b'][0]"),
  dictionary: bytes(
    "$",
    ".",
    "[0]",
    "['",
    "']",
    "[999999]",
    ".__proto__",
    ".constructor",
    ".length",
  ),
  feed(input) {
    const text = Buffer.from(input).toString("utf8");
    try {
      const found = createPathReader(parsePath(text))(JSON_TREE);
      holds(typeof found !== "function", "a path finds what was sent, and nothing of the language");
    } catch (error) {
      if (!(error instanceof PenstockError) || error.code !== "CONFIG_INVALID") throw error;
    }
  },
};

const { topics: RULES } = mqtt.parse({
  topics: [{ topic: "plant/{device}/{tag}" }, { topic: "+/x/#", device: "fixed", tag: "v" }],
});

export const topics: FuzzTarget = {
  name: "mqtt-topics",
  describe: "topics that clients publish under",
  seeds: bytes("plant/oven-1/temperature", "a/x/b/c", "spBv1.0/g/DDATA/n/d", "a/x"),
  dictionary: bytes("/", "//", "+", "#", "$SYS", "../", "\0", "\ud83d", "__proto__", "{device}"),
  feed(input) {
    const topic = Buffer.from(input).toString("utf8");
    const router = new TopicRouter(RULES, new MemoryIntake(), "mqtt");
    const route = router.route(topic);
    const series = route?.seriesOf(route.tag ?? "v");
    for (const name of series ? [series.device, series.tag] : []) {
      holds(name !== "" && name.length <= 128, "a name has 1 to 128 characters");
      holds(!/[\p{Cc}\uFFFD]/u.test(name), "a name can be printed");
    }
    const found = parseTopic(topic);
    holds(found?.group !== "" && found?.node !== "" && found?.device !== "", "a node has a name");
  },
};
