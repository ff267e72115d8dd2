import type { Sensitivity } from "#agent/detect/anomaly-rule.ts";
import type { DetectMethod } from "#agent/detect/monitor-plan.ts";
import { type CommandCall, Misuse } from "#config/command-line/command.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import type { BackTestOptions } from "./back-test.ts";

export interface SeriesRequest {
  readonly kind: "series";
  readonly backTest: BackTestOptions;
  readonly explain: boolean;
}

/** Several tags of one machine. */
export interface GroupRequest {
  readonly kind: "group";
  /** Rows at the beginning in which the machine is sound. */
  readonly soundRows: number;
}

export const DETECT_OPTIONS = {
  config: { type: "string", value: "FILE", means: "takes the limits of a device's tags from it" },
  device: { type: "string", value: "NAME", means: 'that device; the column "tag" names its tags' },
  sensitivity: {
    type: "string",
    default: "high",
    value: "high|medium|low",
    means: "high shows most; the agent's own is medium",
  },
  method: { type: "string", default: "records", value: "records|median", means: "of detection" },
  group: { type: "boolean", default: false, means: "further columns are tags of one machine" },
  sound: {
    type: "string",
    default: "400",
    value: "ROWS",
    means: "with --group: sound rows at first",
  },
  explain: { type: "boolean", default: false, means: "a further column: what the agent would say" },
} as const;

const SENSITIVITIES: readonly Sensitivity[] = ["high", "medium", "low"];
const METHODS: readonly DetectMethod[] = ["records", "median"];

/**
 * @throws Misuse for a wrong option's value
 * @throws ConfigError for a bad file
 */
export function detectRequestOf(
  values: CommandCall<typeof DETECT_OPTIONS>["values"],
): SeriesRequest | GroupRequest {
  if (values.group) return { kind: "group", soundRows: rowsOf(values.sound) };
  const sensitivity = oneOf("--sensitivity", SENSITIVITIES, values.sensitivity);
  const method = oneOf("--method", METHODS, values.method);
  const backTest = {
    device: values.device ?? "series",
    detect: { auto: true, sensitivity, method },
    tagSettings: tagSettingsOf(values.config, values.device),
  };
  return { kind: "series", backTest, explain: values.explain };
}

function oneOf<T extends string>(option: string, known: readonly T[], given: string): T {
  const found = known.find((value) => value === given);
  if (!found) throw new Misuse(`${option} knows ${known.join(", ")}, not "${given}"`);
  return found;
}

function rowsOf(text: string): number {
  const rows = Number(text);
  if (!Number.isInteger(rows) || rows < 2)
    throw new Misuse(`--sound needs 2 rows or more, not "${text}"`);
  return rows;
}

function tagSettingsOf(
  file: string | undefined,
  device: string | undefined,
): BackTestOptions["tagSettings"] {
  if (file === undefined && device === undefined) return () => ({});
  if (file === undefined || device === undefined) {
    throw new Misuse(
      "--config and --device go together: the limits are those of the device's tags",
    );
  }
  const { devices } = loadGateway(file);
  const settings = Object.hasOwn(devices, device) ? devices[device] : undefined;
  if (!settings) {
    const known = Object.keys(devices).slice(0, 10).join(", ");
    throw new Misuse(`${file} has no device "${device}" (it has ${known || "none"})`);
  }
  const { tags } = settings;
  return (tag) => (Object.hasOwn(tags, tag) ? tags[tag] : undefined) ?? {};
}
