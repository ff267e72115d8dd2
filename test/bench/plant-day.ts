/**
 * A day of the simulated plant with planted faults, behind days without any, in which the detectors
 * learn: through the agent's intake as it is, but for the disk. How many faults of each kind are
 * found, how much of what is raised is about faults, and how often someone is called for nothing.
 */
import { parseArgs } from "node:util";
import type { BufferWriter } from "#agent/buffer/contract.ts";
import { type Plant, ReadingIntake } from "#agent/intake/reading-intake.ts";
import { ReadingBatch, type Series } from "#agent/sources/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import { type Clock, systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { FaultLabels } from "#sim/faults/fault-injector.ts";
import { VirtualDevice } from "#sim/fleet/virtual-device.ts";
import { deviceKinds, type TagSpec } from "#sim/signals/device-model.ts";
import { shuffledOrder } from "#sim/signals/distinct-digits.ts";
import { RecordingAlarms } from "#test/support/recording-alarms.ts";
import { renderRows } from "./detection/table.ts";
import { FaultPlanter, type PlantedFault } from "./plant-day/planted-faults.ts";
import { isPage, type KindRow, type RuleRow, Score } from "./plant-day/score.ts";

export const name = "plant-day";
export const describe =
  "a day of the simulated plant with planted faults through the intake: --devices 40 --days 3 --every 5";

const DAY_MS = 86_400_000;
const START_MS = 1_763_683_200_000;
const SENSORS = 10_000;
const TICK_MS = 1000;
/** Mean sound time of a device between two faults. */
const PAUSE_MS = 2 * 3_600_000;

interface PlantDayResult {
  readonly shape: string;
  readonly kinds: readonly KindRow[];
  readonly rules: readonly RuleRow[];
  /** Of the day with faults. */
  readonly alarmsPerHour: number;
  readonly pagesPerHour: number;
  /** Over all days, for 10,000 sensors. */
  readonly falsePagesPerDay: number;
  readonly falseAdvisoriesPerDay: number;
  readonly cpuMicrosPerReading: number;
}

/** Time is what the bench says. */
class BenchClock implements Clock {
  wallMs = START_MS;

  now(): number {
    return this.wallMs;
  }

  monotonic(): number {
    return this.wallMs - START_MS + 1;
  }

  readonly sleep: Clock["sleep"] = (delayMs, options) => systemClock.sleep(delayMs, options);
  readonly after: Clock["after"] = (title, delayMs, then) =>
    systemClock.after(title, delayMs, then);
  readonly every: Clock["every"] = (title, everyMs, then) =>
    systemClock.every(title, everyMs, then);
}

interface Machine {
  readonly device: VirtualDevice;
  readonly series: readonly Series[];
  readonly planter: FaultPlanter;
}

export async function run(args: readonly string[]): Promise<PlantDayResult> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      devices: { type: "string", default: "40" },
      days: { type: "string", default: "3" },
      every: { type: "string", default: "5" },
      set: { type: "boolean", default: false },
    },
  });
  const days = Number(values.days);
  const stepMs = 1000 * Number(values.every);
  const clock = new BenchClock();
  const alarms: AlarmTransition[] = [];
  const devices = makeDevices(Number(values.devices));
  const intake = new ReadingIntake({
    devices: plantOf(devices, values.set),
    lanes: 8,
    buffer: NO_DISK,
    alarms: new RecordingAlarms(),
    clock,
    log: silentLogger,
    onAlarm: (transition) => {
      if (transition.state === "active") alarms.push(transition);
    },
  });
  const faultsFromMs = START_MS + (days - 1) * DAY_MS;
  const machines = devices.map((device) => machineOf(device, intake, faultsFromMs, stepMs));
  const before = process.cpuUsage();
  const readings = await live({
    machines,
    intake,
    clock,
    stepMs,
    untilMs: START_MS + days * DAY_MS,
  });
  const { user, system } = process.cpuUsage(before);
  const faults = machines.flatMap(({ planter }) => planter.faults);
  const shape = `${devices.length} devices x 10 tags every ${stepMs / 1000} s, ${days} days, faults on the last`;
  return {
    shape: values.set ? `${shape}; counters and silence set` : shape,
    ...summaryOf({ alarms, faults, faultsFromMs, stepMs, days, sensors: devices.length * 10 }),
    cpuMicrosPerReading: (user + system) / readings,
  };
}

export function render({ shape, kinds, rules, ...figures }: PlantDayResult): string {
  const lines = Object.entries(figures).map(([title, value]) => `${title}: ${value.toFixed(3)}`);
  return [shape, renderRows({ rows: kinds }), "", renderRows({ rows: rules }), "", ...lines].join(
    "\n",
  );
}

const NO_DISK: BufferWriter = { repeated: () => undefined, append: async () => "stored" };

function makeDevices(count: number): VirtualDevice[] {
  const random = createRandom(5);
  const order = shuffledOrder(2, random);
  const labels = new FaultLabels();
  return Array.from({ length: count }, (_, i) => {
    const kind = deviceKinds[i % deviceKinds.length] ?? "motor";
    const settings = { kind, faultsPerHour: 0, warmUpMs: 0, startMs: START_MS };
    return new VirtualDevice({ ...settings, name: `${kind}-${i}` }, order, labels, random);
  });
}

/** Limits half a range beyond what is ordinary; all else is left to the defaults, unless it is set. */
function plantOf(devices: readonly VirtualDevice[], isSet: boolean): Plant["devices"] {
  const detect = isSet ? { auto: true, stale: 60_000 } : { auto: true };
  return Object.fromEntries(
    devices.map((device) => [
      device.name,
      {
        detect,
        tags: Object.fromEntries(device.tags.map((tag) => [tag.name, tagOf(tag, isSet)])),
      },
    ]),
  );
}

function tagOf(
  { kind, low, high, unit }: TagSpec,
  isSet: boolean,
): Plant["devices"][string]["tags"][string] {
  if (kind === "counter") return { unit, counter: isSet };
  const range = high - low;
  const limits = { hh: high + 0.5 * range, ll: low - 0.5 * range, deadband: 0.02 * range };
  return { unit, limits };
}

function machineOf(
  device: VirtualDevice,
  intake: ReadingIntake,
  fromMs: number,
  stepMs: number,
): Machine {
  const { tags } = device;
  const random = createRandom(9).fork(device.name);
  return {
    device,
    series: device.tagNames.map((tag) => intake.resolve(device.name, tag)),
    planter: new FaultPlanter(
      { device: device.name, tags },
      { fromMs, stepMs, pauseMs: PAUSE_MS },
      random,
    ),
  };
}

interface Life {
  machines: readonly Machine[];
  intake: ReadingIntake;
  clock: BenchClock;
  stepMs: number;
  untilMs: number;
}

/** Gives how many readings there were. */
async function live({ machines, intake, clock, stepMs, untilMs }: Life): Promise<number> {
  let readings = 0;
  for (; clock.wallMs < untilMs; clock.wallMs += stepMs) {
    for (const { device, series, planter } of machines) {
      const values = device.sample(clock.wallMs);
      if (!planter.apply(clock.wallMs, values)) continue;
      const batch = new ReadingBatch("bench");
      for (const [place, subject] of series.entries()) {
        batch.add(subject, clock.wallMs, values[place] ?? null);
      }
      await intake.accept(batch);
      readings += batch.length;
    }
    if (clock.wallMs % TICK_MS === 0) intake.tick();
  }
  return readings;
}

interface Facts {
  alarms: readonly AlarmTransition[];
  faults: readonly PlantedFault[];
  faultsFromMs: number;
  stepMs: number;
  days: number;
  sensors: number;
}

function summaryOf(facts: Facts): Omit<PlantDayResult, "shape" | "cpuMicrosPerReading"> {
  const { alarms, faults, faultsFromMs, stepMs, days, sensors } = facts;
  const score = new Score(alarms, faults, stepMs);
  const wrong = alarms.filter((alarm) => !score.isAboutFault(alarm));
  const onTheDay = alarms.filter(({ ts }) => ts >= faultsFromMs);
  const perDay = SENSORS / sensors / days;
  return {
    kinds: score.kinds(faultsFromMs + DAY_MS),
    rules: score.rules(),
    alarmsPerHour: onTheDay.length / 24,
    pagesPerHour: onTheDay.filter(isPage).length / 24,
    falsePagesPerDay: wrong.filter(isPage).length * perDay,
    falseAdvisoriesPerDay: wrong.filter((alarm) => !isPage(alarm)).length * perDay,
  };
}
