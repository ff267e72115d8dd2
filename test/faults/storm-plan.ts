/**
 * The storm as data: which fault begins when, for how long. Pure: the same seed and settings give
 * the same plan.
 */
import type { Random } from "#core/random.ts";
import type { FaultKind, Resource } from "./fault-kind.ts";

export interface PlannedFault {
  /** Its place in the plan, from 1. */
  number: number;
  kind: FaultKind;
  /** Not earlier than this after the storm's begin: its targets may not be up yet. */
  atMs: number;
  forMs: number;
  /** For what else the fault draws. */
  seed: number;
}

export interface StormSettings {
  durationMs: number;
  kinds: readonly FaultKind[];
  /** Kills, of the kinds' own; undefined lets them come as often as their weight says. */
  kills: number | undefined;
  /** From one fault to the next, on average. */
  spacingMs: number;
}

/** Left alone after a fault, so that the next one hits something that works again. */
const RECOVERY_MS = 500;

export function planStorm(settings: StormSettings, random: Random): PlannedFault[] {
  const { kinds, kills } = settings;
  const isCounted = (kind: FaultKind): boolean => kills !== undefined && kind.group === "kill";
  const drafts = planByWeight(
    { ...settings, kinds: kinds.filter((kind) => !isCounted(kind)) },
    random.fork("faults"),
  );
  drafts.push(
    ...planCounted(settings.durationMs, kinds.filter(isCounted), kills ?? 0, random.fork("kills")),
  );
  drafts.sort((a, b) => a.atMs - b.atMs);
  for (const [index, draft] of drafts.entries()) draft.number = index + 1;
  return drafts;
}

/** Each kind as often as its weight says, in shuffled rounds, so that none is left out by chance. */
function planByWeight(
  { durationMs, kinds, spacingMs }: StormSettings,
  random: Random,
): PlannedFault[] {
  const drafts: PlannedFault[] = [];
  const freeAtMs = new Map<Resource, number>();
  const rounds = shuffledRounds(kinds, random);
  let cursorMs = 0;
  while (kinds.length > 0) {
    cursorMs += -Math.log(1 - random.next()) * spacingMs;
    if (cursorMs >= durationMs) break;
    const draft = draw(rounds.next().value, cursorMs, random);
    // A fault whose target is taken comes later; it does not hold up the others.
    const freeMs = draft.kind.holds.map((resource) => freeAtMs.get(resource) ?? 0);
    draft.atMs = Math.max(draft.atMs, ...freeMs);
    const endMs = draft.atMs + draft.forMs;
    if (endMs > durationMs) continue;
    for (const resource of draft.kind.holds) freeAtMs.set(resource, endMs + RECOVERY_MS);
    drafts.push(draft);
  }
  return drafts;
}

/** So many of these, spread evenly over the storm. */
function planCounted(
  durationMs: number,
  kinds: readonly FaultKind[],
  count: number,
  random: Random,
): PlannedFault[] {
  if (kinds.length === 0) return [];
  const rounds = shuffledRounds(kinds, random);
  return Array.from({ length: count }, (_, index) =>
    draw(rounds.next().value, ((index + random.next()) / count) * durationMs, random),
  );
}

function draw(kind: FaultKind, atMs: number, random: Random): PlannedFault {
  const [minMs, maxMs] = kind.forMs;
  return {
    number: 0,
    kind,
    atMs: Math.round(atMs),
    forMs: Math.round(minMs + (maxMs - minMs) * random.next()),
    seed: random.int(2 ** 32),
  };
}

function* shuffledRounds(
  kinds: readonly FaultKind[],
  random: Random,
): Generator<FaultKind, never, void> {
  const round = kinds.flatMap((kind) => Array<FaultKind>(kind.weight).fill(kind));
  for (;;) {
    const left = [...round];
    while (left.length > 0) yield* left.splice(random.int(left.length), 1);
  }
}
