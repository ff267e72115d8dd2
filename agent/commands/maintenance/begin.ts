/** `maintenance begin`: somebody works on devices, and their alarms wake nobody. */
import { FOR_OPTION, whoAsks } from "#config/command-line/alarm-options.ts";
import { timeText } from "#config/command-line/alarm-tables.ts";
import { declareCommand, JSON_OPTION, Misuse } from "#config/command-line/command.ts";
import { durationIn } from "#config/command-line/duration-option.ts";
import { EXIT } from "#config/command-line/exit.ts";
import type { Maintenance } from "#core/alarms/contract.ts";
import { GATEWAY_DEVICE } from "#core/own-names.ts";
import { agentOf } from "../alarm/asking.ts";
import { CONFIG_OPTION } from "../config-file.ts";

export const maintenanceBeginCommand = declareCommand({
  name: "maintenance begin",
  operands: "DEVICES…",
  operandCount: [1, 100],
  summary: "somebody works on these devices: their alarms are listed, and nobody is told",
  description: `DEVICES are names or patterns, as 'oven-*'. What still stands when the time is over is told then. Detectors
learn nothing meanwhile. The gateway's own alarms go on being told, unless "${GATEWAY_DEVICE}" is named.`,
  options: {
    ...CONFIG_OPTION,
    ...JSON_OPTION,
    ...FOR_OPTION,
    reason: { type: "string", means: "why, for whoever reads the journal", value: "TEXT" },
  },
  examples: [
    {
      line: "penstock maintenance begin 'oven-*' --for 2h --reason 'new burners'",
      does: "two hours",
    },
  ],
  run: async ({ values, operands, io }) => {
    if (values.reason === undefined) throw new Misuse("--reason is needed: others will read it");
    const forMs = durationIn(values.for, "for");
    const body = { devices: operands, forMs, by: whoAsks(io), note: values.reason };
    const agent = await agentOf(values.config, io);
    const window = await agent.ask<Maintenance>("POST /maintenance/begin", { body });
    const until = timeText(window.until);
    const text = `${window.id}: until ${until}, or \`penstock maintenance end ${window.id}\``;
    io.stdout.write(`${values.json ? JSON.stringify(window) : text}\n`);
    return EXIT.fine;
  },
});
