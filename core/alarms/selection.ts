/**
 * Alarms by what a person types: a device, a device and tag, a whole key, a pattern of keys, or the id
 * of a notice that told of several.
 */
import { PenstockError } from "../errors.ts";
import type { AlarmState } from "./contract.ts";
import { matchesGlob } from "./glob.ts";
import { isGroupId, isMemberOf } from "./group-id.ts";

/** The candidate that was probably meant. */
export type Nearest = (word: string, candidates: Iterable<string>) => string | undefined;

/** @throws PenstockError ALARM_UNKNOWN for a selector that fits none */
export function selectAlarms(
  states: readonly AlarmState[],
  selectors: readonly string[],
  nearest: Nearest,
): AlarmState[] {
  const found = new Set<AlarmState>();
  for (const selector of selectors) {
    // A name with a star in it is, where it is written out, no pattern: it was copied from a notice.
    const named = states.filter(({ key }) => key === selector);
    const fitting = named.length > 0 ? named : fittingOf(selector, states);
    if (fitting.length === 0) throw unknown(selector, states, nearest);
    for (const state of fitting) found.add(state);
  }
  return [...found];
}

function fittingOf(selector: string, states: readonly AlarmState[]): AlarmState[] {
  const members = isGroupId(selector) ? states.filter((each) => isMemberOf(selector, each)) : [];
  return members.length > 0 ? members : states.filter((state) => fits(selector, state));
}

function fits(selector: string, state: AlarmState): boolean {
  return [state.key, plainName(state)].some(
    (name) => matchesGlob(selector, name) || matchesGlob(`${selector}/*`, name),
  );
}

/** As the key, but a slash within a name is a slash. */
function plainName({ gateway, raised }: AlarmState): string {
  const { device, tag, rule } = raised;
  const name = `${device}/${tag}/${rule}`;
  return gateway === "" ? name : `${gateway}/${name}`;
}

function unknown(selector: string, states: readonly AlarmState[], nearest: Nearest): PenstockError {
  if (isGroupId(selector)) {
    const message = `no alarm is left of ${selector}: all are dealt with, or were told anew`;
    return new PenstockError("ALARM_UNKNOWN", message, { context: { selector } });
  }
  const candidates = new Set<string>();
  for (const state of states) {
    const parts = plainName(state).split("/");
    for (let length = 1; length <= parts.length; length++) {
      candidates.add(parts.slice(0, length).join("/"));
    }
  }
  const meant = nearest(selector, candidates);
  const hint = hintOf(meant, states);
  const message = `no alarm fits "${selector}"${hint}`;
  return new PenstockError("ALARM_UNKNOWN", message, { context: { selector } });
}

function hintOf(meant: string | undefined, states: readonly AlarmState[]): string {
  if (states.length === 0) return "; there are none";
  if (meant !== undefined) return `; did you mean ${meant}?`;
  return `; there is ${states
    .slice(0, 3)
    .map(({ key }) => key)
    .join(", ")}${states.length > 3 ? ", …" : ""}`;
}
