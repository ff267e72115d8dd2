/** The alarms of one sink process, without the rest of it. */
import { AlarmService, type AlarmServiceOptions } from "#cloud/alarms/alarm-service.ts";
import type { Store } from "#cloud/store/contract.ts";
import { sinkAlarms } from "#config/sink/alarms.ts";
import { systemClock } from "#core/clock.ts";
import { DurationHistogram } from "#core/histogram.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";

/** The store is started. */
export function startAlarms(
  store: Store,
  owner: string,
  more: Partial<Pick<AlarmServiceOptions, "settings" | "clock">> = {},
): AlarmService {
  const service = new AlarmService({
    settings: sinkAlarms.parse({}),
    file: "sink.yaml",
    store,
    owner,
    name: owner,
    latency: new DurationHistogram(),
    lag: () => undefined,
    onRaised: () => undefined,
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
    onFatal: (error) => {
      throw error;
    },
    ...more,
  });
  service.start();
  return service;
}
