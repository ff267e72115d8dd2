/** `config diff`: what would change, before it does. */
import { findAgent } from "#agent/control/control-client.ts";
import { declareCommand, JSON_OPTION, Misuse } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import {
  byPath,
  changesBetween,
  flatSettings,
  type SettingChange,
} from "#config/loading/flat-settings.ts";
import { loadGatewayFiles } from "#config/loading/load-config.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";

export const configDiffCommand = declareCommand({
  name: "config diff",
  operands: "[FILE [OTHER]]",
  operandCount: [0, 2],
  summary: "what a file would change in the running agent, or in another file",
  description: `Compares what holds, defaults and templates included; comments and the order of keys do not count.
Secrets are not compared. Exit code: 0 nothing differs, 1 something does.`,
  options: { ...CONFIG_OPTION, ...JSON_OPTION },
  examples: [
    { line: "penstock config diff", does: "the file against the running agent" },
    { line: "penstock config diff old.yaml new.yaml", does: "two files" },
  ],
  run: async ({ values, operands, io }) => {
    const [file, other] = operands;
    const named = configFileOf(file ?? values.config, io.env);
    const own = flatOf(named);
    const changes =
      other === undefined
        ? changesBetween(await running(named), own)
        : changesBetween(own, flatOf(other));
    if (values.json) io.stdout.write(`${JSON.stringify(changes)}\n`);
    else io.stdout.write(changes.map(lineOf).join(""));
    return changes.length === 0 ? EXIT.fine : EXIT.failed;
  },
});

function flatOf(file: string): Record<string, string> {
  const { settings, secrets } = loadGatewayFiles(file);
  return byPath(flatSettings(settings, secrets));
}

async function running(file: string): Promise<Record<string, string>> {
  const { settings } = loadGatewayFiles(file);
  const agent = await findAgent(settings.buffer.path);
  if (agent) return await agent.ask<Record<string, string>>("GET /config");
  throw new Misuse("No agent runs: give two files to compare.");
}

function lineOf({ path, before, after }: SettingChange): string {
  if (before === undefined) return `+ ${path}: ${after}\n`;
  return after === undefined ? `- ${path}: ${before}\n` : `~ ${path}: ${before} → ${after}\n`;
}
