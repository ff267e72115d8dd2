/** What the commands on alarms have in common: who asks, and of what. */
import { userInfo } from "node:os";
import type { AlarmAction } from "#agent/alarms/contract.ts";
import { type ControlClient, runningAgent } from "#agent/control/control-client.ts";
import { type CommandIo, Misuse } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { whereaboutsOf } from "#config/loading/load-config.ts";
import { duration } from "#config/units.ts";
import type { AlarmState } from "#core/alarms/contract.ts";
import { configFileOf } from "../config-file.ts";
import { alarmTable } from "./wording.ts";

export const NOTE_OPTION = {
  note: { type: "string", default: "", means: "why, for whoever reads the journal", value: "TEXT" },
} as const;

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

/** Behind `sudo`, the person and not root. */
export function whoAsks({ env }: CommandIo): string {
  return env["SUDO_USER"] ?? userInfo().username;
}

/** @throws Misuse for what is no duration */
export function durationIn(text: string | undefined, option: string): number {
  if (text === undefined) throw new Misuse(`--${option} is needed, such as --${option} 2h`);
  const parsed = duration.safeParse(text);
  if (parsed.success && parsed.data > 0) return parsed.data;
  throw new Misuse(`--${option} is a duration such as 30m or 2h: not "${text}"`);
}
