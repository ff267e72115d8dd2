import { parseArgs } from "node:util";
import type { Sensitivity } from "#agent/detect/anomaly-rule.ts";
import type { DetectMethod } from "#agent/detect/monitor-factory.ts";
import { loadGateway } from "#config/load-config.ts";
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

/** A request that cannot be meant so. */
export class Misuse extends Error {}

const SENSITIVITIES: readonly Sensitivity[] = ["high", "medium", "low"];
const METHODS: readonly DetectMethod[] = ["records", "median"];

/**
 * @throws Misuse for a wrong option's value
 * @throws TypeError of parseArgs for an unknown option
 * @throws ConfigError for a bad file
 */
export function parseDetectRequest(args: readonly string[]): SeriesRequest | GroupRequest | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: "string" },
      device: { type: "string" },
      sensitivity: { type: "string", default: "high" },
      method: { type: "string", default: "records" },
      group: { type: "boolean", default: false },
      sound: { type: "string", default: "400" },
      explain: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
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
