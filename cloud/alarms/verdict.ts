/** What judging came to: transitions, and what the rules have to remember, to be committed as one. */
import type { AlarmRow } from "../store/alarm-row.ts";
import type { DeskWrite, KeptMemory } from "../store/desk-contract.ts";

export class Verdict {
  readonly #raised: AlarmRow[] = [];
  /** By key; undefined for what is to be forgotten. */
  readonly #memory = new Map<string, string | undefined>();

  raise(alarm: AlarmRow): void {
    this.#raised.push(alarm);
  }

  remember(key: readonly string[], value: unknown): void {
    this.#memory.set(memoryKey(key), value === undefined ? undefined : JSON.stringify(value));
  }

  get isEmpty(): boolean {
    return this.#raised.length === 0 && this.#memory.size === 0;
  }

  get raised(): readonly AlarmRow[] {
    return this.#raised;
  }

  get write(): Pick<DeskWrite, "raised" | "memory" | "forgottenMemory"> {
    const memory: KeptMemory[] = [];
    const forgottenMemory: string[] = [];
    for (const [key, text] of this.#memory) {
      if (text === undefined) forgottenMemory.push(key);
      else memory.push({ key, text });
    }
    return { raised: this.#raised, memory, forgottenMemory };
  }
}

function memoryKey(key: readonly string[]): string {
  return JSON.stringify(key);
}

/** The memory of one kind of rules: the rest of each key, and the value. */
export function recall<T>(memory: readonly KeptMemory[], kind: string): [string[], T][] {
  return memory.flatMap(({ key, text }): [string[], T][] => {
    const [first, ...rest]: string[] = JSON.parse(key);
    const value: T = JSON.parse(text);
    return first === kind ? [[rest, value]] : [];
  });
}
