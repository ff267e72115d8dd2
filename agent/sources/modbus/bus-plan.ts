/**
 * What polling will cost before anything runs: the requests of each device, the bytes on the wire,
 * and how much of each bus they take. Pure.
 */
import type { DeviceSettings } from "#config/gateway/device.ts";
import { manualAddress } from "#config/gateway/modbus-address.ts";
import type { ModbusBusSettings } from "#config/gateway/modbus-bus.ts";
import type { GatewaySettings } from "#config/gateway.ts";
import { exchangeCost } from "./exchange-cost.ts";
import { type Block, endOf, planBlocks, planLimits } from "./planner.ts";
import { createFactorPoint, createPoint, type Point } from "./point.ts";

export interface PlannedRequest {
  everyMs: number;
  /** First and last address as manuals write them. */
  from: string;
  to: string;
  /** Registers, or bits. */
  size: number;
  /** Tags that it reads, and how many registers or bits nobody wants. */
  tags: readonly string[];
  unwanted: number;
  /** Request and answer together, with their framing. */
  bytes: number;
  /** From the request's first byte until the bus is free again. */
  busyMs: number;
}

export interface PlannedDevice {
  name: string;
  unit: number;
  template: string | undefined;
  requests: readonly PlannedRequest[];
}

export interface PlannedBus {
  name: string;
  wire: string;
  connections: number;
  devices: readonly PlannedDevice[];
  requestsPerSecond: number;
  bytesPerSecond: number;
  /** Share of the bus's time; above 1 it cannot keep the rhythm. */
  load: number;
  /** A setting of `maxGap` that would cost clearly less; undefined where it is well as it is. */
  betterGap: { maxGap: number; load: number } | undefined;
}

/** What `maxGap` is tried with. */
const GAPS = [0, 4, 8, 16, 32, 64, 123];

/** What a better `maxGap` must save at least to be worth a word. */
const SAVING_MIN = 0.1;

/** @param answerMs how long a device is assumed to take until it answers */
export function planBuses(settings: GatewaySettings, answerMs: number): PlannedBus[] {
  return Object.entries(settings.buses).flatMap(([name, bus]) => {
    if (!("modbus" in bus)) return [];
    const devices = Object.entries(settings.devices).filter(([, device]) => device.bus === name);
    const plan = planBus(name, bus, devices, answerMs);
    return [{ ...plan, betterGap: betterGap(plan.load, bus, devices, answerMs) }];
  });
}

/** Which gap is best depends on the line's speed and the device's slowness: it is tried out. */
function betterGap(
  load: number,
  bus: ModbusBusSettings,
  devices: readonly [string, DeviceSettings][],
  answerMs: number,
): PlannedBus["betterGap"] {
  let best: PlannedBus["betterGap"];
  for (const maxGap of GAPS) {
    const tried = planBus("", { ...bus, maxGap }, devices, answerMs).load;
    if (tried < (best?.load ?? load * (1 - SAVING_MIN))) best = { maxGap, load: tried };
  }
  return best;
}

function planBus(
  name: string,
  bus: ModbusBusSettings,
  devices: readonly [string, DeviceSettings][],
  answerMs: number,
): Omit<PlannedBus, "betterGap"> {
  const planned = devices.map(([device, settings]) => ({
    name: device,
    unit: settings.unit,
    template: settings.template,
    requests: requestsOf(bus, settings, answerMs),
  }));
  const connections = "connections" in bus ? bus.connections : 1;
  const requests = planned.flatMap((device) => device.requests);
  const perSecond = (amountOf: (request: PlannedRequest) => number): number =>
    requests.reduce((sum, request) => sum + (amountOf(request) * 1000) / request.everyMs, 0);
  return {
    name,
    wire: wireOf(bus),
    connections,
    devices: planned,
    requestsPerSecond: perSecond(() => 1),
    bytesPerSecond: perSecond(({ bytes }) => bytes),
    load: perSecond(({ busyMs }) => busyMs) / 1000 / connections,
  };
}

function requestsOf(
  bus: ModbusBusSettings,
  device: DeviceSettings,
  answerMs: number,
): PlannedRequest[] {
  const limits = planLimits(bus, device.maxRegisters);
  const pauseMs = device.pause ?? bus.pause;
  return pointsByInterval(device).flatMap(({ everyMs, points, factors }) =>
    planBlocks([...points, ...factors], limits).map((block) => {
      const { bytes, wireMs } = exchangeCost(bus, block);
      const tags = block.points.filter((point) => points.includes(point)).map(({ tag }) => tag);
      const { from, to } = boundsOf(block);
      const busyMs = wireMs + answerMs + pauseMs;
      const unwanted = unwantedIn(block);
      return { everyMs, from, to, size: block.size, tags, unwanted, bytes, busyMs };
    }),
  );
}

interface Rhythm {
  everyMs: number;
  points: readonly Point[];
  /** Scale registers, each once. */
  factors: readonly Point[];
}

function pointsByInterval(device: DeviceSettings): Rhythm[] {
  const tags = Object.entries(device.tags);
  const byInterval = Map.groupBy(tags, ([, tag]) => tag.every ?? device.every);
  return Array.from(byInterval, ([everyMs, members]) => {
    const points = members.flatMap(([name, tag]) => createPoint(name, tag) ?? []);
    const factors = new Map(
      members.flatMap(([name, tag]) => {
        const factor = createFactorPoint(name, tag);
        return factor ? [[tag.scaleRegister, factor] as const] : [];
      }),
    );
    return { everyMs, points, factors: [...factors.values()] };
  }).toSorted((a, b) => a.everyMs - b.everyMs);
}

function boundsOf({ table, start, size }: Block): { from: string; to: string } {
  return {
    from: manualAddress({ table, start }),
    to: manualAddress({ table, start: start + size - 1 }),
  };
}

function unwantedIn(block: Block): number {
  const wanted = new Set<number>();
  for (const point of block.points) {
    for (let at = point.start; at < endOf(point); at++) wanted.add(at);
  }
  return block.size - wanted.size;
}

function wireOf(bus: ModbusBusSettings): string {
  if ("host" in bus) return `${bus.modbus} ${bus.host}:${bus.port}`;
  const { modbus, port, baud, dataBits, parity, stopBits } = bus;
  return `${modbus} ${port} ${baud} baud ${dataBits}${parity.charAt(0).toUpperCase()}${stopBits}`;
}
