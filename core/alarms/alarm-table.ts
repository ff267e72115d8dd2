/**
 * The alarms that are known, and where to look for some of them. Bounded: when it is full, those go
 * that matter least.
 */
import { isNormal } from "./alarm-machine.ts";
import type { AlarmState } from "./contract.ts";
import { rankOf } from "./priority.ts";

const STATES_MAX = 10_000;
/** So many go at a time, because it takes a look at all to choose them. */
const MADE_ROOM = 100;

export class AlarmTable {
  readonly #states = new Map<string, AlarmState>();
  readonly #ofDevice = new Map<string, Set<string>>();
  /** By key of a group's notice: the alarms whose end it still owes. */
  readonly #told = new Map<string, Set<string>>();
  readonly #statesMax: number;

  constructor(states: readonly AlarmState[], statesMax = STATES_MAX) {
    this.#statesMax = statesMax;
    for (const state of states) this.put(state);
  }

  get(key: string): AlarmState | undefined {
    return this.#states.get(key);
  }

  all(): IterableIterator<AlarmState> {
    return this.#states.values();
  }

  ofDevice(gateway: string, device: string): AlarmState[] {
    const keys = this.#ofDevice.get(placeOf(gateway, device)) ?? [];
    return [...keys].flatMap((key) => this.#states.get(key) ?? []);
  }

  ofGateway(gateway: string): AlarmState[] {
    return [...this.#states.values()].filter((state) => state.gateway === gateway);
  }

  /** Whether one of those is so that the notice of that key stands for, and that have not ended. */
  isOfToldAs(as: string, is: (state: AlarmState) => boolean): boolean {
    // A dead bus takes along thousands, each of which asks: no list is made.
    for (const key of this.#told.get(as) ?? []) {
      const state = this.#states.get(key);
      if (state && is(state)) return true;
    }
    return false;
  }

  put(state: AlarmState): void {
    const before = this.#states.get(state.key);
    if (before) untrack(this.#told, toldUnder(before), state.key);
    this.#states.set(state.key, state);
    track(this.#ofDevice, placeOf(state.gateway, state.raised.device), state.key);
    track(this.#told, toldUnder(state), state.key);
  }

  remove(state: AlarmState): void {
    const { key, gateway, raised } = state;
    this.#states.delete(key);
    untrack(this.#ofDevice, placeOf(gateway, raised.device), key);
    untrack(this.#told, toldUnder(state), key);
  }

  /** What must go, before one more is put; mostly nothing. */
  surplus(): AlarmState[] {
    if (this.#states.size < this.#statesMax) return [];
    const inOrder = [...this.#states.values()].toSorted((a, b) => worthOf(a) - worthOf(b));
    return inOrder.slice(0, Math.max(1, Math.min(MADE_ROOM, this.#statesMax / 10)));
  }
}

/** Normal ones are worth least, then those that are over. The sort leaves the oldest first. */
function worthOf(state: AlarmState): number {
  if (isNormal(state)) return 0;
  return 1 + rankOf(state.raised.priority) + (state.isActive ? 10 : 0);
}

function placeOf(gateway: string, device: string): string {
  return JSON.stringify([gateway, device]);
}

function toldUnder({
  key,
  isNotified,
  notified,
}: Pick<AlarmState, "key" | "isNotified" | "notified">): string | undefined {
  return isNotified && notified?.as !== key ? notified?.as : undefined;
}

function track(index: Map<string, Set<string>>, place: string | undefined, key: string): void {
  if (place === undefined) return;
  const keys = index.get(place);
  if (keys) keys.add(key);
  else index.set(place, new Set([key]));
}

function untrack(index: Map<string, Set<string>>, place: string | undefined, key: string): void {
  if (place === undefined) return;
  const keys = index.get(place);
  keys?.delete(key);
  if (keys?.size === 0) index.delete(place);
}
