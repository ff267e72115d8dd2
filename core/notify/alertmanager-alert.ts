/** Alarms as alerts of Alertmanager's API, version 2. Pure. */
import type { AlarmState, Notice } from "../alarms/contract.ts";
import type { PlantNames } from "./contract.ts";
import { oneLine } from "./one-line.ts";
import { quantity } from "./wording.ts";

export interface Alert {
  /** They are its identity: the same labels, the same alert. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  /** Unless it is sent again before, it is resolved then. */
  readonly endsAt: string;
}

const LABEL_MAX = 200;
const ANNOTATION_MAX = 1000;

/** @param lasts how long it lasts unless it is sent again */
export function alertOf(
  state: AlarmState,
  names: PlantNames,
  nowMs: number,
  lastsMs: number,
): Alert {
  const { device, tag, rule, priority, message, value, expected } = state.raised;
  const { site } = names.siteOf(state.gateway, device);
  const unit = names.unitOf(state.gateway, device, tag);
  const { action, runbook } = names.adviceOf(state.gateway, state.raised);
  const gateway = names.gatewayName(state.gateway);
  return {
    labels: labelsOf({ alertname: rule, site, gateway, device, tag, severity: priority }),
    annotations: bounded({
      summary: message,
      value: quantity(value, unit),
      expected: quantity(expected, unit),
      action,
      // Under this name Alertmanager's own templates look for it.
      runbook_url: runbook,
      acknowledge: names.acknowledgeWith(state.key),
      acknowledged_by: state.acknowledged?.by,
    }),
    // A device's clock may be anywhere; what has not begun yet is refused.
    startsAt: timeText(Math.max(0, Math.min(nowMs, state.activeSince))),
    endsAt: timeText(nowMs + lastsMs),
  };
}

/** That it works. */
export function testAlertOf(notice: Notice, nowMs: number, lastsMs: number): Alert {
  const { rule, site, gateway, device, tag, priority, title } = notice;
  return {
    labels: labelsOf({ alertname: rule, site, gateway, device, tag, severity: priority }),
    annotations: bounded({ summary: title }),
    startsAt: timeText(nowMs),
    endsAt: timeText(nowMs + lastsMs),
  };
}

/** The same alert, over. */
export function resolved(alert: Alert, nowMs: number): Alert {
  // What ends before it begins is refused, and a clock may have been set back meanwhile.
  const endsAtMs = Math.max(nowMs, Date.parse(alert.startsAt));
  return { ...alert, endsAt: timeText(endsAtMs) };
}

/** An empty label is the same as none there. */
function labelsOf(labels: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return bounded({ ...labels, source: "penstock" }, LABEL_MAX);
}

function bounded(
  texts: Readonly<Record<string, string | undefined>>,
  charactersMax = ANNOTATION_MAX,
): Record<string, string> {
  const lines = Object.entries(texts).map(([name, text]) => [
    name,
    oneLine(text ?? "", charactersMax),
  ]);
  return Object.fromEntries(lines.filter(([, text]) => text !== ""));
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
