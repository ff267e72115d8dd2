/** What this machine lets the storm do, beyond running programs. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { MOUNT_PROBE } from "#test/support/mounted-disk.ts";
import type { FaultKind, Need } from "./fault-kind.ts";
import { FAKETIME_LIBRARY } from "./gateway-clock.ts";

const HOW_TO_MEET: Readonly<Record<Need, string>> = {
  root: "run as root, where file systems can be mounted",
  faketime: "apt-get install libfaketime",
  sqlite: "--store sqlite",
  postgres: "--store postgres",
};

export function abilities(store: "sqlite" | "postgres"): ReadonlySet<Need> {
  const found = new Set<Need>([store]);
  const [command, ...args] = MOUNT_PROBE;
  if (spawnSync(command, args, { stdio: "ignore" }).status === 0) found.add("root");
  if (existsSync(FAKETIME_LIBRARY)) found.add("faketime");
  return found;
}

export interface Choice {
  kinds: readonly FaultKind[];
  /** What is left out, and what it would take: a line each. */
  notes: readonly string[];
}

export function choosePossible(kinds: readonly FaultKind[], able: ReadonlySet<Need>): Choice {
  const missing = (kind: FaultKind): Need | undefined => kind.needs.find((need) => !able.has(need));
  const notes = kinds.flatMap((kind) => {
    const need = missing(kind);
    return need === undefined ? [] : [`left out: ${kind.name} (${HOW_TO_MEET[need]})`];
  });
  return { kinds: kinds.filter((kind) => missing(kind) === undefined), notes };
}
