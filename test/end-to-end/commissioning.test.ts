/**
 * The first five minutes of a technician, as the page tells them, against three simulated meters on
 * an RS-485 line: every command of the page is run, and its output compared with the page's.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Console, fits, stepsOf } from "#test/docs/console.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

const root = join(import.meta.dirname, "../..");
const PAGE = readFileSync(join(root, "docs/first-five-minutes.md"), "utf8");
/** The port as the page names it. */
const PORT = "/dev/serial/by-id/usb-FTDI_A1";
const METERS = ["eastron-sdm630", "janitza-b23", "schneider-iem3000"];
/** What the page is named after, though a busy machine is slower than a technician. */
const LIMIT_MS = 5 * 60_000;

let folder: string;
let line: ChildProcess;

beforeEach(async () => {
  folder = await tempFolder();
  const units = METERS.flatMap((name, i) => ["--template", name, "--unit", String(i + 1)]);
  const options = ["modbus", ...units, "--line", "--link", join(folder, "line"), "--json"];
  line = spawn(process.execPath, [join(root, "firmware-sim/main.ts"), ...options], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(line.stdout!, "data");
}, 30_000);

afterEach(async () => {
  const ended = once(line, "close");
  line.kill("SIGTERM");
  await ended;
});

test(
  "from nothing to good values and a running agent",
  async () => {
    const console = new Console(folder);
    for (const { command, expected } of stepsOf(PAGE)) {
      const { output } = await console.type(command.replaceAll(PORT, "./line"));
      const wanted = expected.map((text) => text.replaceAll(PORT, "./line"));
      const page = `$ ${command}\n${wanted.join("\n")}`;
      expect(fits(wanted, output) ? page : `$ ${command}\n${output}`).toBe(page);
    }
    await console.end();
    expect(stepsOf(PAGE).length).toBeGreaterThan(12);
  },
  LIMIT_MS,
);
