import type { AnomalyDetector } from "./anomaly-detector.ts";
import { AnomalyRule, type Sensitivity } from "./anomaly-rule.ts";
import { AutoDetectors } from "./auto-detector.ts";
import type { Subject } from "./finding.ts";
import { LimitMonitor, type Limits } from "./limits.ts";
import { MedianDetector } from "./median-detector.ts";
import { SeriesMonitor } from "./series-monitor.ts";
import { StuckRule } from "./stuck-rule.ts";

/**
 * Which detector looks for unusual values. `records` (the default) knows what a series has ever
 * done; `median` knows only its last minute, and so calls each start of a resting machine unusual:
 * on the simulated plant it raises fifteen times as many false alarms at the same sensitivity, and
 * finds fewer faults (`npm run bench -- plant`).
 */
export type DetectMethod = "records" | "median";

export interface DetectSettings {
  /** Whether to look for unusual values at all. */
  readonly auto: boolean;
  readonly method?: DetectMethod | undefined;
  readonly sensitivity?: Sensitivity | undefined;
  /** A tag of the device: only while it is true, or a number other than 0, the machine runs. */
  readonly while?: string | undefined;
}

export interface MonitorSettings {
  subject: Subject;
  limits?: Limits | undefined;
  detect: DetectSettings;
}

/** Makes what watches a series. */
export class MonitorFactory {
  readonly #autoDetectors = new AutoDetectors();

  create({ subject, limits, detect }: MonitorSettings): SeriesMonitor {
    return new SeriesMonitor({
      subject,
      limits: limits && new LimitMonitor(limits),
      anomaly: detect.auto
        ? new AnomalyRule(
            this.#detector(detect.method ?? "records"),
            detect.sensitivity ?? "medium",
          )
        : undefined,
      stuck: detect.auto ? new StuckRule() : undefined,
    });
  }

  #detector(method: DetectMethod): AnomalyDetector {
    return method === "median" ? new MedianDetector() : this.#autoDetectors.create();
  }
}
