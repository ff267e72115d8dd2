/** `alarm ls`: the running agent's alarms. */
import { runningAgent } from "#agent/control/control-client.ts";
import { declareCommand, JSON_OPTION } from "#config/command.ts";
import { EXIT } from "#config/exit.ts";
import { loadGateway } from "#config/load-config.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import { CONFIG_OPTION, configFileOf } from "./config-file.ts";
import { textTable } from "./text-table.ts";

interface AlarmsAnswer {
  active: readonly AlarmTransition[];
  journal: readonly AlarmTransition[];
}

export const alarmListCommand = declareCommand({
  name: "alarm ls",
  summary: "the alarms that are active",
  options: {
    ...CONFIG_OPTION,
    ...JSON_OPTION,
    all: { type: "boolean", default: false, means: "the last transitions, newest first" },
  },
  examples: [
    { line: "penstock alarm ls", does: "what is active now" },
    { line: "penstock alarm ls --all --json", does: "the journal, for a program" },
  ],
  run: async ({ values, io }) => {
    const { buffer } = loadGateway(configFileOf(values.config, io.env));
    const agent = await runningAgent(buffer.path);
    const answer = await agent.ask<AlarmsAnswer>("GET /alarms");
    const shown = values.all ? answer.journal : answer.active;
    if (values.json) io.stdout.write(`${JSON.stringify(shown)}\n`);
    else if (shown.length === 0) io.stdout.write("No alarms.\n");
    else
      io.stdout.write(`${textTable(["since", "priority", "state", "alarm"], shown.map(rowOf))}\n`);
    return EXIT.fine;
  },
});

function rowOf({ ts, priority, state, message }: AlarmTransition): string[] {
  return [new Date(ts).toISOString(), priority, state, message];
}
