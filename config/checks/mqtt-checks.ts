/** Topic rules must be able to match, and to name a device. */
import { nearest } from "../faults/nearest.ts";
import { entriesOf, mappingOf, type RawMapping, textOf } from "../yaml/raw.ts";
import type { Outline, Path, Problem } from "../yaml/yaml-tree.ts";

const PLACEHOLDERS = ["device", "tag"];

export function checkMqtt(mqtt: RawMapping, present: boolean, outline: Outline): Problem[] {
  if (!present) return [];
  const remotes = entriesOf(mqtt["remotes"]);
  return [
    ...checkReceives(mqtt, remotes.length),
    ...checkTopics(["mqtt", "topics"], mqtt["topics"], outline),
    ...remotes.flatMap(([name, remote]) =>
      checkTopics(["mqtt", "remotes", name, "topics"], remote["topics"], outline),
    ),
    ...remotes.flatMap(([name, remote]) => checkRemote(["mqtt", "remotes", name], remote)),
    ...checkSparkplug(mqtt),
    ...checkAlarmTopic(mqtt),
  ];
}

function checkReceives(mqtt: RawMapping, remotes: number): Problem[] {
  const topics = mqtt["topics"];
  if ("broker" in mqtt || remotes > 0 || !Array.isArray(topics)) return [];
  const message = "mqtt has topics, but neither a broker nor remotes to receive them from";
  const suggestion = 'add "broker: { listen: 127.0.0.1:1883 }"';
  return [{ path: ["mqtt"], on: "key", message, suggestion }];
}

function checkRemote(path: Path, remote: RawMapping): Problem[] {
  const { topics } = remote;
  const isIdle = !("sparkplug" in remote) && (!Array.isArray(topics) || topics.length === 0);
  if (isIdle) {
    const message = "nothing is read from this broker";
    const suggestion =
      'add topics, such as "topics: [{ topic: line/{device}/{tag} }]", or sparkplug';
    return [{ path, on: "key", message, suggestion }];
  }
  if (!("sparkplug" in remote && "share" in remote)) return [];
  const message = "share divides the messages, and Sparkplug needs all of a node's in their order";
  const suggestion = "read Sparkplug in a remote of its own, without share";
  return [{ path: [...path, "share"], on: "key", message, suggestion }];
}

function checkSparkplug(mqtt: RawMapping): Problem[] {
  if (!("sparkplug" in mqtt) || "broker" in mqtt) return [];
  const message = "sparkplug here is for nodes on the embedded broker, and there is none";
  const suggestion = "add a broker, or put sparkplug below the remote that has the nodes";
  return [{ path: ["mqtt", "sparkplug"], on: "key", message, suggestion }];
}

function checkTopics(path: Path, topics: unknown, outline: Outline): Problem[] {
  if (!Array.isArray(topics)) return [];
  const seen = new Map<string, number>();
  const paths = topics.flatMap((item: unknown, i) => checkPaths([...path, i], mappingOf(item)));
  const rules = topics.flatMap((item: unknown, i) => {
    const rule = mappingOf(item);
    const topic = textOf(rule["topic"]);
    if (topic === undefined || topic === "") return [];
    const at = [...path, i, "topic"];
    const first = seen.get(topic);
    if (first === undefined) {
      seen.set(topic, i);
      return checkTopic(at, topic, rule);
    }
    const message = `the topic "${topic}" has a rule already (${outline.placeOf([...path, first, "topic"])})`;
    return [{ path: at, on: "value" as const, message, suggestion: "remove one of the two" }];
  });
  return [...paths, ...rules];
}

/** Names and places, and nothing that searches. */
const PAYLOAD_PATH = /^\$(?:\.[A-Za-z_][A-Za-z0-9_-]*|\[\d{1,6}\]|\['[^']+'\])*$/;

function checkPaths(path: Path, rule: RawMapping): Problem[] {
  return ["value", "ts"].flatMap((key): Problem[] => {
    const text = textOf(rule[key]);
    if (text === undefined || text === "" || PAYLOAD_PATH.test(text)) return [];
    const message = `${key}: "${text}" is no path into the payload`;
    const name = /^[A-Za-z_][\w.-]*$/.test(text) ? `write $.${text}` : undefined;
    const suggestion = name ?? "write it like $.v, $.data[0].v or $['a b']";
    return [{ path: [...path, key], on: "value", message, suggestion }];
  });
}

function checkTopic(path: Path, topic: string, rule: RawMapping): Problem[] {
  const on = "value";
  const levels = topic.split("/");
  const partial = levels.find((level) => /[{}+#]/.test(level) && !isWildcard(level));
  if (partial !== undefined) {
    const message = `topic: "${partial}" mixes a wildcard with other text`;
    const suggestion = "{device}, {tag}, + and # each stand for a whole level between two slashes";
    return [{ path, on, message, suggestion }];
  }
  const hash = levels.indexOf("#");
  if (hash >= 0 && hash < levels.length - 1) {
    const suggestion = "use + for one level in the middle";
    return [{ path, on, message: `topic: # may stand at the end only`, suggestion }];
  }
  return [
    ...checkPlaceholders(path, levels),
    ...checkDevice(path, levels, rule),
    ...checkFormat(path, levels, rule),
  ].slice(0, 1);
}

function isWildcard(level: string): boolean {
  return level === "+" || level === "#" || /^\{[^{}]*\}$/.test(level);
}

function checkPlaceholders(path: Path, levels: readonly string[]): Problem[] {
  const names = levels.filter((level) => level.startsWith("{")).map((level) => level.slice(1, -1));
  const unknown = names.find((name) => !PLACEHOLDERS.includes(name));
  if (unknown !== undefined) {
    const near = nearest(unknown, PLACEHOLDERS);
    const suggestion = near
      ? `did you mean {${near}}?`
      : "there are {device} and {tag}; + skips a level";
    const message = `topic: {${unknown}} is not known`;
    return [{ path, on: "value", message, suggestion }];
  }
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice === undefined) return [];
  const message = `topic: {${twice}} stands twice`;
  return [{ path, on: "value", message, suggestion: "use + for the level that does not matter" }];
}

function checkDevice(path: Path, levels: readonly string[], rule: RawMapping): Problem[] {
  const on = "value";
  for (const name of PLACEHOLDERS) {
    if (!levels.includes(`{${name}}`) || !(name in rule)) continue;
    const message = `the topic names the ${name}, and so does "${name}: ${String(rule[name])}"`;
    const suggestion = "keep one of the two";
    return [{ path: [...path.slice(0, -1), name], on: "key", message, suggestion }];
  }
  if (levels.includes("{device}") || "device" in rule) return [];
  const message = "topic: nothing says which device the readings belong to";
  const suggestion = 'put {device} in the place of a level, or add "device: NAME"';
  return [{ path, on, message, suggestion }];
}

/** What a format needs, and what only another one could use. */
function checkFormat(path: Path, levels: readonly string[], rule: RawMapping): Problem[] {
  const { format = "json" } = rule;
  const rulePath = path.slice(0, -1);
  if (format === "csv" && !("columns" in rule)) {
    const message = "format: csv needs to know what its columns are";
    const suggestion = 'add "columns: [ts, temperature, _]"; _ leaves one out';
    return [{ path: [...rulePath, "format"], on: "value", message, suggestion }];
  }
  if (format === "text" && !levels.includes("{tag}") && !("tag" in rule)) {
    const message = "format: text has one value, and nothing says which tag it belongs to";
    const suggestion = 'put {tag} in the place of a level, or add "tag: NAME"';
    return [{ path: [...rulePath, "format"], on: "value", message, suggestion }];
  }
  const idle = ["columns", "separator"].find((key) => format !== "csv" && key in rule);
  if (idle === undefined) return [];
  const suggestion = 'add "format: csv", or remove it';
  const message = `${idle} is for "format: csv"`;
  return [{ path: [...rulePath, idle], on: "key", message, suggestion }];
}

function checkAlarmTopic(mqtt: RawMapping): Problem[] {
  const topic = textOf(mqtt["alarmTopic"]);
  if (topic === undefined || !/[+#]/.test(topic)) return [];
  const message = "alarmTopic: a topic to publish on has no wildcards";
  return [{ path: ["mqtt", "alarmTopic"], on: "value", message, suggestion: "leave out + and #" }];
}
