/** The desk at work beside the ingest: so many rules on all series, of which none is broken. */
import type { Store } from "#cloud/store/contract.ts";
import { sinkAlarms } from "#config/sink/alarms.ts";
import { systemClock } from "#core/clock.ts";
import { startAlarms } from "#test/cloud/alarms/running-alarms.ts";

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
  const service = startAlarms(store, "bench", { settings });
  return {
    finish: async () => {
      await systemClock.sleep(LAST_LOOK_MS, { name: "last windows" });
      await service.stop();
    },
  };
}
