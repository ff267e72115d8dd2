/** `alarm ls`: the running agent's alarms. */
import { runningAgent } from "#agent/control/control-client.ts";
import { alarmTable } from "#config/command-line/alarm-tables.ts";
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { whereaboutsOf } from "#config/loading/load-config.ts";
import type { AlarmState } from "#core/alarms/contract.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";

export const alarmListCommand = declareCommand({
  name: "alarm ls",
  summary: "the alarms that stand, the most urgent first",
  description: `What is shelved, out of service, or explained by another alarm is left out, and so is what is over and
only waits for an acknowledgement; \`--all\` shows them too.`,
  options: {
    ...CONFIG_OPTION,
    ...JSON_OPTION,
    all: { type: "boolean", default: false, means: "also what is held back, or over" },
  },
  examples: [
    { line: "penstock alarm ls", does: "what needs somebody now" },
    { line: "penstock alarm ls --all --json", does: "all that is not normal, for a program" },
  ],
  run: async ({ values, io }) => {
    const { bufferPath } = whereaboutsOf(configFileOf(values.config, io.env));
    const agent = await runningAgent(bufferPath);
    const { states } = await agent.ask<{ states: readonly AlarmState[] }>("GET /alarms");
    const shown = values.all ? states : states.filter(isOpen);
    const held = states.length - shown.length;
    if (values.json) {
      io.stdout.write(`${JSON.stringify(shown)}\n`);
      return EXIT.fine;
    }
    io.stdout.write(shown.length === 0 ? "No alarms.\n" : `${alarmTable(shown)}\n`);
    if (held > 0) io.stderr.write(`Held back, or over: ${held} more. --all shows them.\n`);
    return EXIT.fine;
  },
});

function isOpen({ isActive, shelved, outOfService, suppressedBy }: AlarmState): boolean {
  return isActive && !shelved && !outOfService && suppressedBy === undefined;
}
