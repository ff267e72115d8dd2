import { parseArgs } from "node:util";
import type { Sensitivity } from "#agent/detect/anomaly-rule.ts";
import type { DetectMethod } from "#agent/detect/monitor-factory.ts";
import { loadGateway } from "#config/load-config.ts";
import type { BackTestOptions } from "./back-test.ts";

export interface DetectRequest {
  readonly backTest: BackTestOptions;
  readonly explain: boolean;
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
export function parseDetectRequest(args: readonly string[]): DetectRequest | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: "string" },
      device: { type: "string" },
      sensitivity: { type: "string", default: "high" },
      method: { type: "string", default: "records" },
      explain: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const sensitivity = oneOf("--sensitivity", SENSITIVITIES, values.sensitivity);
  const method = oneOf("--method", METHODS, values.method);
  const backTest = {
    device: values.device ?? "series",
    detect: { auto: true, sensitivity, method },
    tagSettings: tagSettingsOf(values.config, values.device),
  };
  return { backTest, explain: values.explain };
}

function oneOf<T extends string>(option: string, known: readonly T[], given: string): T {
  const found = known.find((value) => value === given);
  if (!found) throw new Misuse(`${option} knows ${known.join(", ")}, not "${given}"`);
  return found;
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
