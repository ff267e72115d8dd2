/** `maintenance ls`: what is being worked on. */
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import type { Maintenance } from "#core/alarms/contract.ts";
import { agentOf } from "../alarm/asking.ts";
import { shown, timeText } from "../alarm/wording.ts";
import { CONFIG_OPTION } from "../config-file.ts";
import { textTable } from "../text-table.ts";

export const maintenanceListCommand = declareCommand({
  name: "maintenance ls",
  summary: "what is being worked on, by whom, why, and until when",
  options: { ...CONFIG_OPTION, ...JSON_OPTION },
  examples: [{ line: "penstock maintenance ls", does: "the windows that have not ended" }],
  run: async ({ values, io }) => {
    const agent = await agentOf(values.config, io);
    const { maintenance } = await agent.ask<{ maintenance: readonly Maintenance[] }>("GET /alarms");
    if (values.json) io.stdout.write(`${JSON.stringify(maintenance)}\n`);
    else if (maintenance.length === 0) io.stdout.write("No maintenance.\n");
    else io.stdout.write(`${tableOf(maintenance)}\n`);
    return EXIT.fine;
  },
});

function tableOf(windows: readonly Maintenance[]): string {
  return textTable(
    ["id", "until", "by", "devices", "reason"],
    windows.map(({ id, until, by, devices, note }) => {
      return [id, timeText(until), shown(by), shown(devices.join(" ")), shown(note)];
    }),
  );
}
