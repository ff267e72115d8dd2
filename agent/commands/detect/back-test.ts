/**
 * Runs the live detectors over rows of history. Every row that comes in goes out, in the same order;
 * one that cannot be judged (no number, no time, older than its series' newest) scores 0.
 */
import { MonitorFactory } from "#agent/detect/monitor-factory.ts";
import type { DetectSettings, WatchSettings } from "#agent/detect/monitor-plan.ts";
import type { SeriesMonitor } from "#agent/detect/series-monitor.ts";

/** What the file says of a tag. */
type TagOptions = Omit<WatchSettings, "detect"> & { readonly unit?: string | undefined };

export interface BackTestOptions {
  /** The device that messages name. */
  device: string;
  detect: DetectSettings;
  tagSettings: (tag: string) => TagOptions;
}

export interface Judgement {
  /** How unusual, 0 to 1. */
  readonly score: number;
  /** Whether an alarm begins, or is renewed, with this row. */
  readonly alarm: boolean;
  /** What the agent would say of the changes; empty for most rows. */
  readonly message: string;
  /** Why the row was not judged. */
  readonly fault?: string;
}

interface Watched {
  readonly monitor: SeriesMonitor;
  newestTs: number;
}

const SERIES_MAX = 10_000;
/** From this score on the rule of unusual values raises its alarm. */
const ALARM_SCORE = 0.5;

export class BackTest {
  readonly #options: BackTestOptions;
  readonly #factory = new MonitorFactory();
  readonly #series = new Map<string, Watched>();

  constructor(options: BackTestOptions) {
    this.#options = options;
  }

  /** @param ts milliseconds since 1970; NaN where the row has no time */
  judge(tag: string, ts: number, value: number): Judgement {
    if (!Number.isFinite(ts)) return unjudged("the time is none");
    if (!Number.isFinite(value)) return unjudged("the value is no number");
    const series = this.#series.get(tag) ?? this.#watch(tag);
    if (!series) return unjudged(`more than ${SERIES_MAX} tags`);
    if (ts < series.newestTs) return unjudged("older than the row before");
    series.newestTs = ts;
    const found = series.monitor.judge(ts, value);
    const { score } = series.monitor;
    const alarm = score >= ALARM_SCORE || found.some((finding) => finding.state === "active");
    return { score, alarm, message: found.map((finding) => finding.message).join("; ") };
  }

  #watch(tag: string): Watched | undefined {
    if (this.#series.size >= SERIES_MAX) return undefined;
    const { device, detect, tagSettings } = this.#options;
    const { unit, limits, counter } = tagSettings(tag);
    // Nobody falls silent in a file: silence needs a clock.
    const subject = { device, tag, unit };
    const monitor = this.#factory.create({ subject, limits, counter, detect, stale: "off" });
    const watched = { monitor, newestTs: Number.NEGATIVE_INFINITY };
    this.#series.set(tag, watched);
    return watched;
  }
}

function unjudged(fault: string): Judgement {
  return { score: 0, alarm: false, message: "", fault };
}
