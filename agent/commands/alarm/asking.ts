/** What the commands on alarms have in common: who asks, and of what. */
import type { AlarmAction } from "#agent/alarms/contract.ts";
import { type ControlClient, runningAgent } from "#agent/control/control-client.ts";
import { whoAsks } from "#config/command-line/alarm-options.ts";
import { alarmTable } from "#config/command-line/alarm-tables.ts";
import type { CommandIo } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { whereaboutsOf } from "#config/loading/load-config.ts";
import type { AlarmState } from "#core/alarms/contract.ts";
import { configFileOf } from "../config-file.ts";

export const WHICH = "DEVICE[/TAG[/RULE]]…";

interface Asked {
  config?: string | undefined;
  json: boolean;
  note: string;
}

export async function agentOf(config: string | undefined, io: CommandIo): Promise<ControlClient> {
  const { bufferPath } = whereaboutsOf(configFileOf(config, io.env));
  return await runningAgent(bufferPath);
}

/** Does it, and shows the alarms as they stand then. */
export async function act(
  kind: AlarmAction["kind"],
  select: readonly string[],
  { config, json, note }: Asked,
  io: CommandIo,
  forMs?: number,
): Promise<number> {
  const agent = await agentOf(config, io);
  const body: AlarmAction = { kind, select, by: whoAsks(io), note, forMs };
  const states = await agent.ask<readonly AlarmState[]>("POST /alarms/act", { body });
  if (json) io.stdout.write(`${JSON.stringify(states)}\n`);
  else if (states.length === 0) io.stdout.write("Done; nothing of it is left on the list.\n");
  else io.stdout.write(`${alarmTable(states)}\n`);
  return EXIT.fine;
}
