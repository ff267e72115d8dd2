/**
 * How much of NAB's score is owed to limits that were set on its files: they are set anew on one half
 * of the files and measured on the other, and the other way round. The data: `--data DIR`.
 */
import { parseArgs } from "node:util";
import { AutoDetector, VIEW_LIMITS, type ViewLimits } from "#agent/detect/auto-detector.ts";
import { ALARM, type Candidate, detectorOf } from "./detection/candidates.ts";
import { type NabFile, readNab } from "./detection/nab-files.ts";
import { eventScore, NAB_PROFILES, nabScore, rateRows } from "./detection/nab-rules.ts";
import { renderRows } from "./detection/table.ts";

export const name = "nab-cross";
export const describe = "limits set on half of NAB's files, measured on the other (--data DIR)";

/** Each limit of the product, and these multiples of it: 81 sets. */
const MULTIPLES = [0.6, 1, 1.6];

interface CrossRow {
  readonly limits: string;
  readonly measuredOn: string;
  readonly standard: number;
  readonly lowFalsePositive: number;
  readonly lowFalseNegative: number;
  readonly f1: number;
}

type Figures = Omit<CrossRow, "limits" | "measuredOn">;

interface Half {
  readonly name: string;
  readonly files: readonly NabFile[];
}

export { renderRows as render };

export async function run(args: readonly string[]): Promise<{ rows: CrossRow[] }> {
  const { values } = parseArgs({ args: [...args], options: { data: { type: "string" } } });
  if (values.data === undefined) throw new Error("nab-cross needs --data DIR");
  const files = readNab(values.data).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const even = { name: "even files", files: files.filter((_, i) => i % 2 === 0) };
  const odd = { name: "odd files", files: files.filter((_, i) => i % 2 === 1) };
  return { rows: [...crossed(even, odd), ...crossed(odd, even)] };
}

function crossed(own: Half, other: Half): CrossRow[] {
  const best = bestOn(own.files);
  const text = Object.entries(best).map(([view, limit]) => `${view} ${limit.toFixed(2)}`);
  return [
    { limits: "the product's", measuredOn: other.name, ...measure(VIEW_LIMITS, other.files) },
    {
      limits: `best on ${own.name}: ${text.join(", ")}`,
      measuredOn: own.name,
      ...measure(best, own.files),
    },
    { limits: `the same`, measuredOn: other.name, ...measure(best, other.files) },
  ];
}

function bestOn(files: readonly NabFile[]): ViewLimits {
  let best = VIEW_LIMITS;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const limits of choices()) {
    const { standard } = measure(limits, files);
    if (standard <= bestScore) continue;
    best = limits;
    bestScore = standard;
  }
  return best;
}

function choices(): ViewLimits[] {
  const { level, jump, shift, season } = VIEW_LIMITS;
  return MULTIPLES.flatMap((a) =>
    MULTIPLES.flatMap((b) =>
      MULTIPLES.flatMap((c) =>
        MULTIPLES.map((d) => ({
          level: a * level,
          jump: b * jump,
          shift: c * shift,
          season: d * season,
        })),
      ),
    ),
  );
}

function measure(limits: ViewLimits, files: readonly NabFile[]): Figures {
  const candidate = detectorOf("limits", "high", (layout) => new AutoDetector(layout, limits));
  const scored = files.map((file) => ({
    rows: rateRows(file.values.length, file.windows),
    scores: scoresOf(candidate, file),
  }));
  const [standard = 0, lowFalsePositive = 0, lowFalseNegative = 0] = NAB_PROFILES.map((profile) =>
    nabScore(scored, profile, ALARM),
  );
  const { f1 } = eventScore(scored, ALARM);
  return { standard, lowFalsePositive, lowFalseNegative, f1 };
}

function scoresOf({ create }: Pick<Candidate, "create">, { values, ts }: NabFile): Float64Array {
  const scorer = create();
  return values.map((value, row) => scorer(value, ts[row] ?? 0));
}
