/** `maintenance end`: the work is done ahead of its time. */
import { NOTE_OPTION, whoAsks } from "#config/command-line/alarm-options.ts";
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { agentOf } from "../alarm/asking.ts";
import { CONFIG_OPTION } from "../config-file.ts";

export const maintenanceEndCommand = declareCommand({
  name: "maintenance end",
  operands: "ID",
  operandCount: [1, 1],
  summary: "the work is done: what still stands is told",
  options: { ...CONFIG_OPTION, ...JSON_OPTION, ...NOTE_OPTION },
  examples: [{ line: "penstock maintenance end m-mfz1k2p3", does: "as `maintenance ls` shows it" }],
  run: async ({ values, operands, io }) => {
    const [id = ""] = operands;
    const agent = await agentOf(values.config, io);
    const body = { id, by: whoAsks(io), note: values.note };
    const ended = await agent.ask<{ id: string }>("POST /maintenance/end", { body });
    io.stdout.write(`${values.json ? JSON.stringify(ended) : `${id} has ended.`}\n`);
    return EXIT.fine;
  },
});
