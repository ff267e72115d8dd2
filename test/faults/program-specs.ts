/** How hub, sink and agent are started. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProgramSpec } from "#sim/programs/program-life.ts";
import { COPY_GROUP } from "./hub-copyist.ts";
import { HUB_NAME } from "./settings-files.ts";

export interface SpecSource {
  name: string;
  /** Of the whole run. */
  folder: string;
  script: "agent/main.ts" | "cloud/main.ts";
  args: readonly string[];
  /** For `env`, such as NAME=VALUE. */
  environment?: readonly string[];
  /** Commands before it that replace themselves by what follows. */
  wrapper?: readonly string[];
}

const ROOT = new URL("../../", import.meta.url);

export function specOf(source: SpecSource): ProgramSpec {
  const { name, folder, script, args, environment = [], wrapper = [] } = source;
  return {
    name,
    script: fileURLToPath(new URL(script, ROOT)),
    args,
    logFile: join(folder, "logs", `${name}.log`),
    // Compiling anew at each of a thousand starts would take most of the machine.
    wrapper: [...wrapper, "env", `NODE_COMPILE_CACHE=${join(folder, "compiled")}`, ...environment],
  };
}

export interface HubShape {
  port: number;
  dataFolder: string;
  partitions: number;
}

export function hubArgs({ port, dataFolder, partitions }: HubShape): string[] {
  const place = ["--port", `${port}`, "--data", dataFolder];
  const shape = ["--hub", HUB_NAME, "--partitions", `${partitions}`, "--group", COPY_GROUP];
  return ["hub", ...place, ...shape, "--json"];
}

/** Lets the program that follows believe that it runs on a machine with the id of this file. */
export function onMachine(idFile: string): string[] {
  return [
    "unshare",
    "--mount",
    "sh",
    "-c",
    `mount --bind "$0" /etc/machine-id && exec "$@"`,
    idFile,
  ];
}
