/** `alarms.rules` of the sink: what it watches over in all that its gateways send. */
import { z } from "zod";
import { durationBetween, HOUR_MS } from "../units.ts";

const MINUTE_MS = 60_000;
const COMPARISON = /^(<=|>=|<|>)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)$/;
const COMPARISON_FORM = 'expected a comparison with a number, such as "> 245"';

export type ComparisonSign = "<" | "<=" | ">" | ">=";

export interface Comparison {
  readonly sign: ComparisonSign;
  readonly limit: number;
}

/** The comparison that a text such as `> 245` stands for. */
export function parseComparison(text: string): Comparison | undefined {
  const [, sign, number] = COMPARISON.exec(text.trim()) ?? [];
  const limit = Number(number);
  if (sign === undefined || !isSign(sign) || !Number.isFinite(limit)) return undefined;
  return { sign, limit };
}

function isSign(text: string): text is ComparisonSign {
  return text === "<" || text === "<=" || text === ">" || text === ">=";
}

const comparison = z
  .string({ error: COMPARISON_FORM })
  .meta({ title: "comparison", pattern: COMPARISON.source })
  .transform((text, context) => {
    const parsed = parseComparison(text);
    if (parsed) return parsed;
    context.addIssue(COMPARISON_FORM);
    return z.NEVER;
  });

/** As many names between slashes as there are parts, each with `*` and `?` where anything fits. */
function pattern(form: string, example: string): z.ZodString {
  const parts = form.split("/").map(() => "[^/]+");
  const error = `expected ${form}, where * stands for any letters, such as ${example}`;
  return z
    .string({ error })
    .max(200, { error })
    .regex(new RegExp(`^${parts.join("\\/")}$`), { error });
}

const series = pattern("GATEWAY/DEVICE/TAG", "*/oven-*/temperature");

const told = {
  name: z
    .string()
    .trim()
    .min(1)
    .max(64)
    .describe(
      "What is wrong when it is broken: `oven too hot`. Alarms bear it; no two are the same.",
    ),
  priority: z
    .enum(["low", "medium", "high", "critical"])
    .default("medium")
    .describe("How urgent it is."),
  action: z.string().max(500).optional().describe("What to do first: it stands in the notice."),
  runbook: z.string().max(500).optional().describe("Where to read on: it stands in the notice."),
};

const aggregate = (what: string): z.ZodOptional<typeof comparison> =>
  comparison.optional().describe(`Compares ${what}, as \`> 245\`.`);

/** What is compared. One of them stands in a rule. */
const aggregates = {
  mean: aggregate("the mean"),
  min: aggregate("the smallest value"),
  max: aggregate("the largest value"),
  sum: aggregate("the sum"),
  last: aggregate("the last value"),
  count: aggregate("how many readings there were that were not bad"),
};

export type Aggregate = keyof typeof aggregates;
export const AGGREGATES: readonly Aggregate[] = ["mean", "min", "max", "sum", "last", "count"];

const thresholdRule = z.strictObject({
  ...told,
  series: series.describe("Which series, as `*/oven-*/temperature`: gateway, device, tag."),
  over: z
    .enum(["1m", "5m", "1h"])
    .describe("The window whose rollup is compared, once it is final."),
  ...aggregates,
  for: durationBetween(0, 7 * 24 * HOUR_MS)
    .prefault("0s")
    .describe("How long it must hold, window after window, before it is an alarm."),
  deadband: z
    .number()
    .min(0)
    .optional()
    .describe("It clears when the value has come back by this much, not at the limit itself."),
  clear: comparison.optional().describe("Instead of a deadband: when it clears, as `< 240`."),
});

/** What may be absent. One of them stands in a rule. */
const absentees = {
  gateway: pattern("GATEWAY", "hall-*").optional().describe("Which gateways, as `hall-*`."),
  device: pattern("GATEWAY/DEVICE", "hall-3/oven-*")
    .optional()
    .describe("Which devices, as `hall-3/oven-*`: none of their tags has a usable reading."),
  series: series.optional().describe("Which series, as `*/oven-*/temperature`."),
};

export const ABSENTEES: readonly (keyof typeof absentees)[] = ["gateway", "device", "series"];

const absenceRule = z.strictObject({
  ...told,
  ...absentees,
  absent: durationBetween(MINUTE_MS, 24 * HOUR_MS).describe(
    "How long nothing may come: of a gateway by the hub's clock, of others by their readings' times.",
  ),
});

export const alarmRule = z.union([thresholdRule, absenceRule]);

export type ThresholdRule = z.infer<typeof thresholdRule>;
export type AbsenceRule = z.infer<typeof absenceRule>;
export type AlarmRule = z.infer<typeof alarmRule>;
