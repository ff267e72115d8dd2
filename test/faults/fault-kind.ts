/**
 * The faults that a storm is made of. A fault holds what it does something to: two faults that hold
 * the same thing never overlap, any others may.
 */

export type Resource =
  | "agent"
  | "hub"
  | "sink"
  | "devices link"
  | "uplink link"
  | "feed link"
  | "hub's faults"
  | "clock"
  | "agent's disk"
  | "hub's disk"
  | "sink's disk"
  | "database";

/** What the machine must have, beyond the programs themselves. */
export type Need = "root" | "faketime" | "sqlite" | "postgres";

export interface FaultKind {
  name: string;
  /** Kinds of one group differ in their target only. */
  group: string;
  holds: readonly Resource[];
  /** How long it lasts; 0 for what happens at once. */
  forMs: readonly [min: number, max: number];
  /** How often it comes, compared with others. */
  weight: number;
  needs: readonly Need[];
}

const AT_ONCE = [0, 0] as const;

export const programNames = ["agent", "hub", "sink"] as const;
export type ProgramName = (typeof programNames)[number];

export const linkNames = ["devices", "uplink", "feed"] as const;
export type LinkName = (typeof linkNames)[number];

type Rest = Partial<Pick<FaultKind, "group" | "forMs" | "weight" | "needs">>;

function kind(name: string, holds: readonly Resource[], rest: Rest = {}): FaultKind {
  return { name, group: name, holds, forMs: AT_ONCE, weight: 1, needs: [], ...rest };
}

function onPrograms(group: string, rest: Rest): FaultKind[] {
  return programNames.map((name) => kind(`${group}-${name}`, [name], { group, ...rest }));
}

function onLinks(group: string, rest: Rest): FaultKind[] {
  return linkNames.map((name) => kind(`${group}-${name}`, [`${name} link`], { group, ...rest }));
}

const hubFault = (name: string, rest: Rest = {}): FaultKind => kind(name, ["hub's faults"], rest);

export const faultKinds: readonly FaultKind[] = [
  ...onPrograms("kill", { weight: 3 }),
  kind("kill-all", programNames, { group: "kill" }),
  ...onPrograms("freeze", { forMs: [500, 12_000] }),
  ...onLinks("cut", { forMs: [200, 5000] }),
  ...onLinks("half-open", { forMs: [500, 12_000] }),
  ...onLinks("black-hole", { forMs: [500, 12_000] }),
  ...onLinks("slow", { forMs: [1000, 5000] }),
  hubFault("throttle", { forMs: [500, 6000] }),
  hubFault("refuse", { forMs: [500, 6000] }),
  hubFault("delay", { forMs: [1000, 8000] }),
  hubFault("confirm-drop"),
  hubFault("detach"),
  hubFault("drop"),
  hubFault("expire"),
  kind("clock-step", ["clock"], { forMs: [500, 10_000], needs: ["faketime"] }),
  ...programNames.map((name) =>
    kind(`full-disk-${name}`, [name, `${name}'s disk`], {
      group: "full-disk",
      forMs: [1000, 8000],
      // A database's disk is its own affair.
      needs: name === "sink" ? ["root", "sqlite"] : ["root"],
    }),
  ),
  kind("resend", ["hub", "hub's faults"]),
  kind("new-hub", ["hub", "sink", "uplink link", "feed link", "hub's faults"]),
  kind("history", ["uplink link"], { forMs: [3000, 8000] }),
  kind("clone-buffer", ["agent"], { forMs: [2000, 6000], needs: ["root"] }),
  kind("corruption", ["agent", "uplink link", "agent's disk"], {
    forMs: [1000, 6000],
    needs: ["sqlite"],
  }),
  kind("rival-sink", ["database"], {
    group: "fight",
    forMs: [3000, 8000],
    weight: 2,
    needs: ["postgres"],
  }),
  kind("zombie-sink", ["sink"], { group: "fight", forMs: [31_000, 36_000], needs: ["postgres"] }),
  kind("restart-database", ["database", "sink"], {
    forMs: [200, 3000],
    weight: 2,
    needs: ["postgres"],
  }),
];

/** By name or group; undefined where there is none. */
export function findKinds(name: string): readonly FaultKind[] | undefined {
  const found = faultKinds.filter(
    (candidate) => candidate.name === name || candidate.group === name,
  );
  return found.length === 0 ? undefined : found;
}
