/** What `status` says of a running agent, and how bad it is. Pure. */
import type { AgentStatus } from "#agent/http/contract.ts";
import { sizeText } from "../size-text.ts";

/** As monitoring programs take it: the exit code of the command. */
export type Severity = 0 | 1 | 2;

export interface StatusAnswer extends AgentStatus {
  readonly problems: readonly string[];
}

export interface StatusReport {
  readonly severity: Severity;
  /** One line: what monitoring shows. */
  readonly headline: string;
  readonly lines: readonly string[];
}

export function reportOf(status: StatusAnswer): StatusReport {
  const concerns = concernsOf(status);
  const severity: Severity = status.problems.length > 0 ? 2 : concerns.length > 0 ? 1 : 0;
  const word = ["OK", "WARNING", "CRITICAL"][severity];
  const said = [...status.problems, ...concerns];
  const counts = `${count(status.sources.length, "source")}, ${count(status.alarms.active, "active alarm")}`;
  const headline = `${word}: ${status.gateway}: ${said[0] ?? counts}`;
  return { severity, headline, lines: [...linesOf(status), ...said.map((text) => `! ${text}`)] };
}

/** What needs somebody's attention, while the agent does its work. A stopped source is a problem. */
function concernsOf(status: StatusAnswer): string[] {
  const { sources, page, uplink, buffer, alarms, configuration } = status;
  const degraded = sources
    .filter(({ state }) => state !== "running" && state !== "stopped")
    .map(
      ({ name, state, detail }) =>
        `${name} is ${state}${detail === undefined ? "" : `: ${detail}`}`,
    );
  const { state, lastError } = figuresOf(uplink);
  const sending = state === "failing" ? [`the hub cannot be reached: ${lastError ?? "?"}`] : [];
  const full = figuresOf(buffer)["state"] === "full" ? ["the buffer is full"] : [];
  const [fault] = configuration?.faults ?? [];
  const faulty =
    fault === undefined ? [] : [`the file has faults, and an older state of it runs: ${fault}`];
  const hidden = page?.state === "stopped" ? [`the page is stopped: ${page.detail ?? "?"}`] : [];
  const unkept = alarms.store.state === "failing" ? ["the alarms cannot be kept"] : [];
  return [...faulty, ...degraded, ...hidden, ...sending, ...full, ...unkept];
}

function linesOf(status: StatusAnswer): string[] {
  const { gateway, uptimeMs, sources, buffer, uplink, alarms, readings } = status;
  const stored = Object.values(readings.bySource).reduce((sum, n) => sum + n, 0);
  const { bytes, segments } = figuresOf(buffer);
  const { learning = 0, watching = 0, standing = 0, maintained = 0 } = status.detectors ?? {};
  return [
    `gateway   ${gateway}, up ${durationText(uptimeMs)}, ${Math.round(status.rssBytes / 1e6)} MB`,
    `readings  ${stored} stored`,
    `buffer    ${segments ?? "?"} segments, ${sizeText(Number(bytes))} waiting`,
    `uplink    ${uplinkText(uplink)}`,
    `detectors ${watching} series watched, ${learning} learning, ${standing + maintained} at rest`,
    `alarms    ${alarms.active} active, ${alarms.raised} raised`,
    ...sources.map(({ name, kind, state: how }) => `source    ${name} (${kind}): ${how}`),
  ];
}

/** A gateway need not have an uplink yet. */
function uplinkText(uplink: object): string {
  const { state, events } = figuresOf(uplink);
  if (state === undefined) return "none: the file names no way to the cloud";
  return `${state}, ${events ?? 0} events sent`;
}

/** Figures by name: a part's status is its own affair, and of its own version. */
function figuresOf(part: object): Readonly<Record<string, string | number | undefined>> {
  return Object.fromEntries(Object.entries(part));
}

const UNITS: readonly [ms: number, unit: string][] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
];

/** In its two greatest units: `3 d 4 h`. */
function durationText(durationMs: number): string {
  let restMs = durationMs;
  const parts = UNITS.flatMap(([ms, unit]) => {
    const amount = Math.floor(restMs / ms);
    restMs -= amount * ms;
    return amount > 0 ? [`${amount} ${unit}`] : [];
  });
  return parts.slice(0, 2).join(" ") || "0 s";
}

function count(amount: number, one: string): string {
  return `${amount} ${one}${amount === 1 ? "" : "s"}`;
}
