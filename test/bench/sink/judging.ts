/** The desk at work beside the ingest: so many rules on all series, of which none is broken. */
import { AlarmService } from "#cloud/alarms/alarm-service.ts";
import type { Store } from "#cloud/store/contract.ts";
import { sinkAlarms } from "#config/sink/alarms.ts";
import { systemClock } from "#core/clock.ts";
import { DurationHistogram } from "#core/histogram.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";

/** It looks for windows that are final every two seconds. */
const LAST_LOOK_MS = 2500;

export interface Judging {
  /** Once more for what has come last. */
  finish(): Promise<void>;
}

export function startJudging(store: Store, rules: number): Judging {
  const settings = sinkAlarms.parse({
    rules: Array.from({ length: rules }, (_, at) => ({
      name: `rule ${at}`,
      series: "*/device-*/tag-*",
      over: "1m",
      mean: "> 1e9",
    })),
    pipeline: "off",
  });
  const service = new AlarmService({
    settings,
    store,
    owner: "bench",
    name: "bench",
    latency: new DurationHistogram(),
    lag: () => undefined,
    onRaised: () => undefined,
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
    onFatal: (error) => {
      throw error;
    },
  });
  service.start();
  return {
    finish: async () => {
      await systemClock.sleep(LAST_LOOK_MS, { name: "last windows" });
      await service.stop();
    },
  };
}
