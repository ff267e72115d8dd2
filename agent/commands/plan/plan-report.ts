/** A plan of Modbus buses as a technician reads it. Pure. */
import type { PlannedBus, PlannedDevice, PlannedRequest } from "#agent/sources/modbus/bus-plan.ts";
import { textTable } from "#config/command-line/text-table.ts";
import { formatDuration } from "#config/units.ts";

/** Beyond this a bus has little room for devices that are silent, and for retries. */
const LOAD_COMFORTABLE = 0.8;

export function renderPlan(
  gateway: string,
  answerMs: number,
  buses: readonly PlannedBus[],
): string {
  if (buses.length === 0) return `${gateway} has no Modbus bus.\n`;
  const head = `${gateway}: ${count(buses.length, "Modbus bus", "Modbus buses")}; each answer is assumed to take ${answerMs} ms (--answer)`;
  return `${[head, ...buses.map(renderBus)].join("\n\n")}\n`;
}

function renderBus(bus: PlannedBus): string {
  const { name, wire, connections, requestsPerSecond, bytesPerSecond, load, betterGap } = bus;
  const shared = connections === 1 ? "" : `, ${connections} connections`;
  const figures = `${round(requestsPerSecond)} requests/s, ${round(bytesPerSecond)} B/s, ${percent(load)} of its time`;
  const lines = [`${name} (${wire}${shared}): ${figures}`];
  const advice = adviceFor(bus);
  if (advice !== undefined) lines.push(`! ${advice}`);
  if (betterGap) {
    lines.push(`! maxGap: ${betterGap.maxGap} would take ${percent(betterGap.load)} of its time`);
  }
  return [...lines, ...bus.devices.map(renderDevice)].join("\n");
}

function adviceFor({ load, devices }: PlannedBus): string | undefined {
  if (devices.length === 0) return "no device is on this bus";
  if (load > 1) {
    return `too slow for this rhythm: intervals ${round(load)} times as long would just fit; a faster line, fewer tags or more buses help as well`;
  }
  if (load <= LOAD_COMFORTABLE) return undefined;
  return "little room is left for retries and for devices that are silent";
}

function renderDevice({ name, unit, template, requests }: PlannedDevice): string {
  const kind = template === undefined ? "" : `, ${template}`;
  const tags = requests.reduce((sum, request) => sum + request.tags.length, 0);
  const title = `  ${name} (unit ${unit}${kind}): ${count(tags, "tag")} in ${count(requests.length, "request")}`;
  const heads = ["every", "registers", "length", "unwanted", "tags", "bytes", "busy"];
  const table = textTable(heads, requests.map(rowOf));
  return [title, ...table.split("\n").map((line) => `    ${line}`)].join("\n");
}

function rowOf(request: PlannedRequest): string[] {
  const { everyMs, from, to, size, unwanted, tags, bytes, busyMs } = request;
  const span = from === to ? from : `${from}-${to.replace(/^\D+/, "")}`;
  const figures = [size, unwanted, tags.length, bytes].map(String);
  return [formatDuration(everyMs), span, ...figures, `${round(busyMs)} ms`];
}

function percent(share: number): string {
  return `${round(share * 100)} %`;
}

/** Two digits are enough, and a plan is no more exact than that. */
function round(value: number): number {
  return value >= 10 ? Math.round(value) : Number(value.toPrecision(2));
}

function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}
