/**
 * A child process for the crash tests: appends messages to the buffer named by its argument, each
 * with a value of its own, and prints every value whose append was acknowledged.
 */
import { writeSync } from "node:fs";
import { systemClock } from "#core/clock.ts";
import { systemCodeOf } from "#core/errors.ts";
import { message, openBuffer } from "./support.ts";

const folder = process.argv[2] ?? "";
const first = Number(process.argv[3] ?? 0);
const DEVICES = 12;
const PARALLEL = 8;

/**
 * Blocks until it is said: `process.stdout` keeps in memory what a slow reader does not take. A pipe
 * that does not block takes such a line whole or not at all.
 */
function say(line: string): void {
  for (;;) {
    try {
      return void writeSync(1, `${line}\n`);
    } catch (error) {
      if (systemCodeOf(error) !== "EAGAIN") throw error;
    }
  }
}

const buffer = openBuffer(folder);
await buffer.start();
say("ready");

let next = first;
async function appendForever(): Promise<void> {
  for (;;) {
    const value = next++;
    await buffer.append(message(`device-${value % DEVICES}`, value, { value }));
    say(`${value}`);
    if (value % 7 === 0) await systemClock.sleep(1, { name: "pause" });
  }
}

/** Confirms some of what is stored, so that deletions are under way when the kill comes. */
async function confirmSome(): Promise<void> {
  for (;;) {
    for (let lane = 0; lane < 2; lane++) {
      const chunks = buffer.take(lane, "live", 2000);
      buffer.confirm(chunks);
      for (const { epoch, seq } of chunks) {
        say(`confirmed ${epoch} ${lane} ${seq}`);
      }
    }
    await systemClock.sleep(20, { name: "confirm" });
  }
}

if (process.argv[3] !== undefined) {
  await Promise.all([...Array.from({ length: PARALLEL }, appendForever), confirmSome()]);
} else {
  await systemClock.sleep(60_000, { name: "hold" });
}
