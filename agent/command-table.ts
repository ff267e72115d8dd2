/** All commands of the agent's program, each loaded when it is called. */
import { type CommandLoader, describe } from "#config/command-line/dispatch.ts";

export const COMMANDS: Readonly<Record<string, CommandLoader>> = {
  run: async () => (await import("./commands/run/run.ts")).runCommand,
  init: async () => (await import("./commands/init/init.ts")).initCommand,
  check: async () => (await import("./commands/settings/check.ts")).checkCommand,
  "config show": async () => (await import("./commands/settings/config-show.ts")).configShowCommand,
  "config diff": async () => (await import("./commands/settings/config-diff.ts")).configDiffCommand,
  ports: async () => (await import("./commands/machine/ports.ts")).portsCommand,
  scan: async () => (await import("./commands/scan/scan.ts")).scanCommand,
  probe: async () => (await import("./commands/device/probe.ts")).probeCommand,
  read: async () => (await import("./commands/device/read.ts")).readCommand,
  write: async () => (await import("./commands/device/write.ts")).writeCommand,
  tail: async () => (await import("./commands/live/tail.ts")).tailCommand,
  top: async () => (await import("./commands/live/top.ts")).topCommand,
  plan: async () => (await import("./commands/plan/plan.ts")).planCommand,
  status: async () => (await import("./commands/live/status.ts")).statusCommand,
  doctor: async () => (await import("./commands/machine/doctor.ts")).doctorCommand,
  "support-bundle": async () =>
    (await import("./commands/machine/support-bundle.ts")).supportBundleCommand,
  "buffer stat": async () => (await import("./commands/buffer/stat.ts")).bufferStatCommand,
  "buffer ls": async () => (await import("./commands/buffer/list.ts")).bufferListCommand,
  "buffer export": async () => (await import("./commands/buffer/export.ts")).bufferExportCommand,
  "buffer drain": async () => (await import("./commands/buffer/drain.ts")).bufferDrainCommand,
  "buffer drop": async () => (await import("./commands/buffer/drop.ts")).bufferDropCommand,
  "alarm ls": async () => (await import("./commands/alarm/list.ts")).alarmListCommand,
  "alarm ack": async () => (await import("./commands/alarm/operations.ts")).alarmAcknowledgeCommand,
  "alarm shelve": async () => (await import("./commands/alarm/shelve.ts")).alarmShelveCommand,
  "alarm unshelve": async () =>
    (await import("./commands/alarm/operations.ts")).alarmUnshelveCommand,
  "alarm reset": async () => (await import("./commands/alarm/operations.ts")).alarmResetCommand,
  "alarm out-of-service": async () =>
    (await import("./commands/alarm/operations.ts")).alarmOutOfServiceCommand,
  "alarm in-service": async () =>
    (await import("./commands/alarm/operations.ts")).alarmInServiceCommand,
  "alarm journal": async () => (await import("./commands/alarm/journal.ts")).alarmJournalCommand,
  "maintenance begin": async () =>
    (await import("./commands/maintenance/begin.ts")).maintenanceBeginCommand,
  "maintenance end": async () =>
    (await import("./commands/maintenance/end.ts")).maintenanceEndCommand,
  "maintenance ls": async () =>
    (await import("./commands/maintenance/list.ts")).maintenanceListCommand,
  "detect status": async () => (await import("./commands/detect/status.ts")).detectStatusCommand,
  "detect relearn": async () => (await import("./commands/detect/relearn.ts")).detectRelearnCommand,
  "detect accept": async () => (await import("./commands/detect/accept.ts")).detectAcceptCommand,
  "notify ls": async () => (await import("./commands/notify/list.ts")).notifyListCommand,
  "notify test": async () => (await import("./commands/notify/test.ts")).notifyTestCommand,
  detect: async () => (await import("./commands/detect/detect.ts")).detectCommand,
  "completion bash": async () =>
    (await import("./commands/completion.ts")).completionCommand(() => describe(COMMANDS)),
};
