/** `config show --effective`: what holds, and why. */
import { dirname } from "node:path";
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { textTable } from "#config/command-line/text-table.ts";
import { loadGatewayFiles } from "#config/loading/load-config.ts";
import { templateFolder } from "#config/loading/template-expansion.ts";
import { TemplateShelf } from "#config/loading/template-shelf.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { effectiveSettings } from "./effective-settings.ts";

export const configShowCommand = declareCommand({
  name: "config show",
  operands: "[FILE]",
  operandCount: [0, 1],
  summary: "each setting, with the file and line that it comes from",
  description: `Without --effective only what is written in the files; with it also templates and defaults. Durations
that are defaults are in milliseconds, sizes in bytes. Secrets are never shown.`,
  options: {
    ...CONFIG_OPTION,
    ...JSON_OPTION,
    effective: {
      type: "boolean",
      short: "e",
      default: false,
      means: "templates and defaults, too",
    },
  },
  examples: [
    { line: "penstock config show", does: "what the files say" },
    {
      line: "penstock config show --effective | grep meter-1",
      does: "all that holds for a device",
    },
  ],
  run: ({ values, operands, io }) => {
    const file = configFileOf(operands[0] ?? values.config, io.env);
    const loaded = loadGatewayFiles(file);
    const { templates } = loaded.settings;
    const shelf = new TemplateShelf(templateFolder({ templates }, dirname(file)));
    const all = effectiveSettings(loaded, shelf);
    const written = new Set(loaded.files);
    const shown = all.filter(
      ({ from }) => values.effective || written.has(from.replace(/:\d+$/, "")),
    );
    if (values.json) io.stdout.write(`${JSON.stringify(shown)}\n`);
    else {
      const rows = shown.map(({ path, value, from }) => [path, value, from]);
      io.stdout.write(`${textTable(["setting", "value", "from"], rows)}\n`);
    }
    return EXIT.fine;
  },
});
