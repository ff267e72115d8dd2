/** `maintenance ls`: what is being worked on. */

import { maintenanceTable } from "#config/command-line/alarm-tables.ts";
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import type { Maintenance } from "#core/alarms/contract.ts";
import { agentOf } from "../alarm/asking.ts";
import { CONFIG_OPTION } from "../config-file.ts";

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
    else io.stdout.write(`${maintenanceTable(maintenance)}\n`);
    return EXIT.fine;
  },
});
