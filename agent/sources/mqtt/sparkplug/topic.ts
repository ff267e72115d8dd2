/** Sparkplug's topics: `spBv1.0/GROUP/TYPE/NODE`, and `…/DEVICE` for a device behind the node. */

const NAMESPACE = "spBv1.0";

export type MessageType = "NBIRTH" | "NDEATH" | "NDATA" | "DBIRTH" | "DDEATH" | "DDATA";

export interface SparkplugTopic {
  group: string;
  type: MessageType;
  node: string;
  /** Undefined for the node itself. */
  device: string | undefined;
}

const TYPES = new Map<string, { type: MessageType; levels: number }>([
  ["NBIRTH", { type: "NBIRTH", levels: 4 }],
  ["NDEATH", { type: "NDEATH", levels: 4 }],
  ["NDATA", { type: "NDATA", levels: 4 }],
  ["DBIRTH", { type: "DBIRTH", levels: 5 }],
  ["DDEATH", { type: "DDEATH", levels: 5 }],
  ["DDATA", { type: "DDATA", levels: 5 }],
]);

export function isSparkplugTopic(topic: string): boolean {
  return topic.startsWith(`${NAMESPACE}/`);
}

/** Undefined for what no edge node sends: commands, states of hosts, and what is malformed. */
export function parseTopic(topic: string): SparkplugTopic | undefined {
  const levels = topic.split("/");
  const [namespace, group, typeName = "", node, device] = levels;
  const known = TYPES.get(typeName);
  if (namespace !== NAMESPACE || known?.levels !== levels.length) return undefined;
  if (!group || !node || device === "") return undefined;
  return { group, type: known.type, node, device };
}

/** What to subscribe to in order to hear the groups' nodes; "+" is all groups. */
export function filtersOf(groups: readonly string[], hostId: string): string[] {
  const nodes = groups.flatMap((group) => [
    `${NAMESPACE}/${group}/+/+`,
    `${NAMESPACE}/${group}/+/+/+`,
  ]);
  return [...nodes, stateTopic(hostId)];
}

export function stateTopic(hostId: string): string {
  return `${NAMESPACE}/STATE/${hostId}`;
}

export function nodeCommandTopic(group: string, node: string): string {
  return `${NAMESPACE}/${group}/NCMD/${node}`;
}
