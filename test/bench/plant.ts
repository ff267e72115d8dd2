/**
 * Hours of the simulated plant with planted faults, judged as the agent would: how many faults of
 * each kind are found, and how often someone is called for nothing.
 */
import { parseArgs } from "node:util";
import { MonitorFactory } from "#agent/detect/monitor-factory.ts";
import type { DetectSettings } from "#agent/detect/monitor-plan.ts";
import { createRandom } from "#core/random.ts";
import { type FaultKind, type FaultLabel } from "#sim/faults/fault.ts";
import { FaultLabels } from "#sim/faults/fault-injector.ts";
import { VirtualDevice } from "#sim/fleet/virtual-device.ts";
import { deviceKinds } from "#sim/signals/device-model.ts";
import { shuffledOrder } from "#sim/signals/distinct-digits.ts";
import { renderRows } from "./detection/table.ts";

export const name = "plant";
export const describe = "detectors on hours of the simulated plant: recall by fault, false alarms";

type PlantRow = Record<"detector", string> &
  Record<FaultKind, string> &
  Record<"falsePer10k" | "falseAlarms" | "sensorHours", number>;

const HOUR_MS = 3_600_000;
const STEP_MS = 1000;
const START_MS = 1_763_683_200_000;
const WARM_UP_MS = HOUR_MS;
/** An alarm shortly behind a fault is about its end. */
const TAIL_MS = 60_000;

interface Alarm {
  readonly tag: string;
  readonly ts: number;
}

export { renderRows as render };

export async function run(args: readonly string[]): Promise<{ rows: PlantRow[] }> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hours: { type: "string", default: "8" },
      devices: { type: "string", default: "16" },
      faults: { type: "string", default: "1" },
    },
  });
  const plant = {
    hours: Number(values.hours),
    devices: Number(values.devices),
    faultsPerHour: Number(values.faults),
  };
  const rows = (["high", "medium", "low"] as const).flatMap((sensitivity) => [
    rate(`records and season, ${sensitivity}`, plant, { auto: true, sensitivity }),
    rate(`median / MAD, ${sensitivity}`, plant, { auto: true, sensitivity, method: "median" }),
  ]);
  return { rows };
}

interface Plant {
  readonly hours: number;
  readonly devices: number;
  readonly faultsPerHour: number;
}

function rate(detector: string, plant: Plant, detect: DetectSettings): PlantRow {
  const found = new Map<FaultKind, number>();
  const planted = new Map<FaultKind, number>();
  let falseAlarms = 0;
  for (let i = 0; i < plant.devices; i++) {
    const { alarms, labels } = watch(i, plant, detect);
    for (const label of labels) {
      add(planted, label.kind);
      if (alarms.some((alarm) => isAbout(alarm, label))) add(found, label.kind);
    }
    falseAlarms += alarms.filter((alarm) => !labels.some((label) => isAbout(alarm, label))).length;
  }
  const sensorHours = plant.devices * 10 * plant.hours;
  const recall = (kind: FaultKind): string => `${found.get(kind) ?? 0}/${planted.get(kind) ?? 0}`;
  return {
    detector,
    spike: recall("spike"),
    drift: recall("drift"),
    stuck: recall("stuck"),
    dropout: recall("dropout"),
    step: recall("step"),
    falseAlarms,
    falsePer10k: (1e4 * falseAlarms) / (sensorHours * (HOUR_MS / STEP_MS)),
    sensorHours,
  };
}

function watch(
  i: number,
  { hours, faultsPerHour }: Plant,
  detect: DetectSettings,
): { alarms: Alarm[]; labels: readonly FaultLabel[] } {
  const labels = new FaultLabels();
  const random = createRandom(5);
  const kind = deviceKinds[i % deviceKinds.length] ?? "motor";
  const deviceName = `${kind}-${i}`;
  const settings = {
    name: deviceName,
    kind,
    faultsPerHour,
    warmUpMs: WARM_UP_MS,
    startMs: START_MS,
  };
  const device = new VirtualDevice(settings, shuffledOrder(2, random), labels, random);
  const factory = new MonitorFactory();
  const monitors = device.tagNames.map((tag) =>
    factory.create({ subject: { device: deviceName, tag }, detect }),
  );
  const alarms: Alarm[] = [];
  for (let ts = START_MS; ts < START_MS + hours * HOUR_MS; ts += STEP_MS) {
    const values = device.sample(ts);
    for (const [place, monitor] of monitors.entries()) {
      const value = values[place] ?? Number.NaN;
      const tag = device.tagNames[place] ?? "";
      if (!Number.isFinite(value)) continue;
      const changes = monitor.judge(ts, value);
      if (changes.some((change) => change.state === "active")) alarms.push({ tag, ts });
    }
  }
  return { alarms, labels: labels.list() };
}

function isAbout(alarm: Alarm, { tag, fromMs, toMs }: FaultLabel): boolean {
  return alarm.tag === tag && alarm.ts >= fromMs && alarm.ts <= toMs + TAIL_MS;
}

function add(counts: Map<FaultKind, number>, kind: FaultKind): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
}
