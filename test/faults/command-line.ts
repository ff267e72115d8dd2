import { parseArgs } from "node:util";
import { Misuse } from "#config/command-line/command.ts";
import { numberIn, wholeIn } from "#config/command-line/number-option.ts";
import { misuseIn } from "#config/command-line/option-mistake.ts";
import { type FaultKind, faultKinds, findKinds } from "./fault-kind.ts";
import { type DefectName, defectNames } from "./planted-defect.ts";

export const HELP = `Usage: npm run faults -- [options]

Runs hub, sink, agent and a simulated plant as real processes, lets a seeded storm of faults come
over them, heals it, lets everything drain, and holds the plant's books of acknowledged readings
against the sink's rollups: each series and minute, by count and exact sum. Ends with one line of
JSON.

  --minutes N    length of the storm (default 2)
  --seed S       the same seed plans the same storm (default 1)
  --store NAME   sqlite, or postgres: two sinks on one database (default sqlite)
  --only A,B     faults or groups of faults, such as kill,cut-uplink (default: all)
  --kills N      so many kills, spread over the storm, which lasts until they have happened
  --spacing MS   from one fault to the next, on average (default 1500)
  --sensors N    sensors that publish or are polled, ten a device (default 400)
  --rate HZ      messages a device and second (default 2)
  --data DIR     keep data and logs in DIR, which must be new or empty (default: a folder of this
                 run alone, removed when all went well)
  --plant D,E    after the storm plant a defect: lost, copied. The run must then fail: it shows that
                 the judgement can
  --json         no words but the line of JSON
  --list         the faults there are
  --help         this text

Exit codes: 0 nothing lost, nothing doubled; 1 otherwise, or a program failed; 2 misuse.
`;

export type StoreName = "sqlite" | "postgres";

export interface FaultsOptions {
  minutes: number;
  seed: number;
  store: StoreName;
  kinds: readonly FaultKind[];
  kills: number | undefined;
  spacingMs: number;
  sensors: number;
  rateHz: number;
  defects: readonly DefectName[];
  dataDir: string | undefined;
  isQuiet: boolean;
}

export type ParsedCommandLine =
  | { kind: "run"; options: FaultsOptions }
  | { kind: "help" }
  | { kind: "list" }
  | { kind: "misuse"; message: string };

export function parseCommandLine(args: readonly string[]): ParsedCommandLine {
  try {
    const values = readOptions(args);
    if (values.help) return { kind: "help" };
    if (values.list) return { kind: "list" };
    return { kind: "run", options: toOptions(values) };
  } catch (error) {
    const message = misuseIn(error);
    if (message === undefined) throw error;
    return { kind: "misuse", message };
  }
}

type Values = ReturnType<typeof readOptions>;

function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string", default: "2" },
      seed: { type: "string", default: "1" },
      store: { type: "string", default: "sqlite" },
      only: { type: "string" },
      kills: { type: "string" },
      spacing: { type: "string", default: "1500" },
      sensors: { type: "string", default: "400" },
      rate: { type: "string", default: "2" },
      plant: { type: "string", default: "" },
      data: { type: "string" },
      json: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  return values;
}

function toOptions(values: Values): FaultsOptions {
  if (values.data === "") throw new Misuse("--data: expected a folder");
  return {
    minutes: numberIn("minutes", values.minutes, 0.05, 10_000),
    seed: wholeIn("seed", values.seed, 0, 2 ** 32 - 1),
    store: storeOf(values.store),
    kinds: kindsOf(values.only),
    kills: values.kills === undefined ? undefined : wholeIn("kills", values.kills, 0, 100_000),
    spacingMs: numberIn("spacing", values.spacing, 50, 600_000),
    sensors: wholeIn("sensors", values.sensors, 100, 10_000),
    rateHz: numberIn("rate", values.rate, 0.1, 50),
    defects: defectsOf(values.plant),
    dataDir: values.data,
    isQuiet: values.json,
  };
}

function storeOf(text: string): StoreName {
  if (text === "sqlite" || text === "postgres") return text;
  throw new Misuse(`--store ${text}: expected sqlite or postgres`);
}

function kindsOf(only: string | undefined): readonly FaultKind[] {
  if (only === undefined) return faultKinds;
  const kinds = only.split(",").flatMap((name) => {
    const found = findKinds(name.trim());
    if (!found) throw new Misuse(`--only ${name}: there is no such fault; --list names them`);
    return found;
  });
  return [...new Set(kinds)];
}

function defectsOf(plant: string): readonly DefectName[] {
  return plant.split(",").flatMap((text) => {
    const name = text.trim();
    const found = defectNames.filter((candidate) => candidate === name);
    if (found.length === 0 && name !== "")
      throw new Misuse(`--plant ${text}: there is no such defect`);
    return found;
  });
}
