/** `penstock-cloud hub`, run in this process. */
import { type HubCommand, runHub } from "#cloud/hub/command.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";

/** The command, with what it has printed. */
export function runHubCommand(args: readonly string[]): {
  out: string[];
  err: string[];
  code: Promise<number>;
  stop: () => void;
} {
  const out: string[] = [];
  const err: string[] = [];
  const controller = new AbortController();
  const command: HubCommand = {
    args,
    signal: controller.signal,
    stdout: { write: (text) => out.push(text) },
    stderr: { write: (text) => err.push(text) },
    log: silentLogger,
    clock: systemClock,
    pid: 4711,
  };
  return { out, err, code: runHub(command), stop: () => controller.abort() };
}
