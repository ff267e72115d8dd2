/** The times in which somebody works on devices. */
import { PenstockError } from "../errors.ts";
import { isOwnDevice } from "../own-names.ts";
import type { Maintenance } from "./contract.ts";
import { matchesAnyGlob } from "./glob.ts";
import { escaped } from "./state-key.ts";

const WINDOWS_MAX = 1000;
/** A slip in a duration must not silence a plant for years. */
const DAYS_MAX = 31;
const DAY_MS = 24 * 3_600_000;

export class MaintenanceBook {
  readonly #windows: Map<string, Maintenance>;

  constructor(windows: readonly Maintenance[]) {
    this.#windows = new Map(windows.map((window) => [window.id, window]));
  }

  /** @throws PenstockError ALARM_REFUSED */
  begin(window: Maintenance, nowMs: number): void {
    const { id, from, until, note } = window;
    if (this.#windows.has(id)) throw refused(id, "has begun before");
    if (until <= Math.max(from, nowMs)) throw refused(id, "would end before it begins");
    if (until - nowMs > DAYS_MAX * DAY_MS) throw refused(id, `would last over ${DAYS_MAX} days`);
    if (note.trim() === "") throw refused(id, "needs a reason");
    if (this.#windows.size >= WINDOWS_MAX) throw refused(id, `is one too many of ${WINDOWS_MAX}`);
    this.#windows.set(id, window);
  }

  /** @throws PenstockError ALARM_UNKNOWN */
  end(id: string): Maintenance {
    const window = this.#windows.get(id);
    if (window) {
      this.#windows.delete(id);
      return window;
    }
    const known = [...this.#windows.keys()].join(", ");
    const message = `no maintenance ${id}; there is ${known === "" ? "none" : known}`;
    throw new PenstockError("ALARM_UNKNOWN", message, { context: { id } });
  }

  /** Those whose time is over; they are forgotten. */
  takeOver(nowMs: number): Maintenance[] {
    const over = this.list().filter(({ until }) => until <= nowMs);
    for (const { id } of over) this.#windows.delete(id);
    return over;
  }

  covers(gateway: string, device: string, nowMs: number): boolean {
    for (const window of this.#windows.values()) {
      const isNow = window.from <= nowMs && nowMs < window.until;
      if (isNow && concerns(window, gateway, device)) return true;
    }
    return false;
  }

  list(): Maintenance[] {
    return [...this.#windows.values()];
  }

  get dueAt(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { until } of this.#windows.values()) earliest = Math.min(earliest, until);
    return earliest;
  }
}

/** The gateway itself is no device: its own alarms are to be named as such. */
function concerns({ devices }: Maintenance, gateway: string, device: string): boolean {
  const prefix = gateway === "" ? "" : `${escaped(gateway)}/`;
  const patterns = isOwnDevice(device)
    ? devices.filter((pattern) => pattern.slice(pattern.lastIndexOf("/") + 1).startsWith("("))
    : devices;
  return matchesAnyGlob(patterns, `${prefix}${escaped(device)}`);
}

function refused(id: string, reason: string): PenstockError {
  return new PenstockError("ALARM_REFUSED", `maintenance ${id} ${reason}`, { context: { id } });
}
