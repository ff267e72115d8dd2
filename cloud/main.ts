#!/usr/bin/env node
/** The cloud side's command line: which command runs, signals, and exit codes. */
import { type CommandLoader, dispatch } from "#config/command-line/dispatch.ts";
import { endSignal } from "#config/command-line/end-signal.ts";

const INTRO = "Penstock's cloud side.";

const COMMANDS: Readonly<Record<string, CommandLoader>> = {
  sink: async () => (await import("./commands/sink-command.ts")).sinkCommand,
  "dead-letters ls": async () =>
    (await import("./commands/dead-letters-list.ts")).deadLettersListCommand,
  "dead-letters replay": async () =>
    (await import("./commands/dead-letters-replay.ts")).deadLettersReplayCommand,
  "alarm ls": async () => (await import("./commands/alarm-list.ts")).alarmListCommand,
  "alarm journal": async () => (await import("./commands/alarm-list.ts")).alarmJournalCommand,
  "alarm ack": async () => (await import("./commands/alarm-operations.ts")).alarmAcknowledgeCommand,
  "alarm reset": async () => (await import("./commands/alarm-operations.ts")).alarmResetCommand,
  "alarm shelve": async () => (await import("./commands/alarm-operations.ts")).alarmShelveCommand,
  "alarm unshelve": async () =>
    (await import("./commands/alarm-operations.ts")).alarmUnshelveCommand,
  "alarm out-of-service": async () =>
    (await import("./commands/alarm-operations.ts")).alarmOutOfServiceCommand,
  "alarm in-service": async () =>
    (await import("./commands/alarm-operations.ts")).alarmInServiceCommand,
  "notify ls": async () => (await import("./commands/notify-list.ts")).notifyListCommand,
  "notify test": async () => (await import("./commands/notify-test.ts")).notifyTestCommand,
  "maintenance begin": async () =>
    (await import("./commands/maintenance.ts")).maintenanceBeginCommand,
  "maintenance end": async () => (await import("./commands/maintenance.ts")).maintenanceEndCommand,
  "maintenance ls": async () => (await import("./commands/maintenance.ts")).maintenanceListCommand,
  hub: async () => (await import("./commands/hub-command.ts")).hubCommand,
};

const { stdin, stdout, stderr, env } = process;
const signal = endSignal();

process.exitCode = await dispatch(process.argv.slice(2), {
  intro: INTRO,
  commands: COMMANDS,
  io: { stdin, stdout, stderr, env, signal },
});

// A dead connection that a library has not given up yet must not keep a program that was told to
// end. What commands print without being told to end may take its time.
const LEFTOVERS_MS_MAX = 1000;
if (signal.aborted) setTimeout(() => process.exit(), LEFTOVERS_MS_MAX).unref();
