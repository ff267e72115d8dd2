/** `hub stat` for people: one line a partition, then who is connected. */
import type { BrokerStat, HubStat, PartitionStat } from "./hub-stat.ts";

export function renderStat(stat: BrokerStat): string {
  const lines = stat.hubs.flatMap(hubLines);
  lines.push(
    "",
    `${stat.connections.length} connections, ${stat.waitingClients} more that have not begun`,
  );
  for (const { id, client, isLoggedIn, links } of stat.connections) {
    lines.push(`  ${id}  ${client}  ${links} links${isLoggedIn ? "" : "  not logged in"}`);
  }
  return `${lines.join("\n")}\n`;
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function hubLines(hub: HubStat): string[] {
  const heading = `${hub.hub}: ${mib(hub.storedBytes)} stored, ${mib(hub.cachedBytes)} in memory, made ${new Date(hub.createdAtMs).toISOString()}`;
  const fault = hub.fault === undefined ? [] : [`  NOT WRITABLE: ${hub.fault}`];
  const columns = "  partition      first       last      offset  groups: readers, events behind";
  return [heading, ...fault, columns, ...hub.partitions.map(partitionLine)];
}

function partitionLine(partition: PartitionStat): string {
  const groups = partition.groups.map(({ group, readers, behind }) => {
    const who = readers.length === 0 ? "gone" : String(readers.length);
    return `${group}: ${who}, ${behind}`;
  });
  const cells = [
    String(partition.partition).padStart(11),
    String(partition.firstSequence).padStart(10),
    String(partition.lastSequence).padStart(10),
    String(partition.lastOffset).padStart(11),
  ];
  return `${cells.join(" ")}  ${groups.join("; ") || "none"}`;
}
