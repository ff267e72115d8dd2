/** `notify test` and `notify ls` where no agent runs. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { notifyListCommand } from "#agent/commands/notify/list.ts";
import { notifyTestCommand } from "#agent/commands/notify/test.ts";
import { FakeDevice, frame } from "#test/agent/sources/modbus/fake-device.ts";
import { type HttpReceiver, startHttpReceiver } from "#test/support/http-receiver.ts";
import { type CommandOutcome, runCommand } from "#test/support/run-command.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

let hook: HttpReceiver;
/** What was written: function code, address from 0, word. */
let written: number[][];
let file: string;

beforeEach(async () => {
  hook = await startHttpReceiver();
  written = [];
  const device = new FakeDevice(({ transaction, unit, functionCode, start, size }, socket) => {
    written.push([functionCode, start, size]);
    const confirmed = [functionCode, start >> 8, start & 0xff, size >> 8, size & 0xff];
    socket.write(frame(transaction, unit, confirmed));
  });
  const port = await device.listen();
  onTestFinished(() => device.close());
  const folder = await tempFolder();
  file = join(folder, "gateway.yaml");
  writeFileSync(
    file,
    `version: 1
gateway: hall-3
buffer: { path: ${folder}/buffer }
buses: { packer: { modbus: tcp, host: 127.0.0.1, port: ${port} } }
alarms:
  shift: { webhook: "${hook.url}/shift", alertmanager: "${hook.url}" }
  red: { coil: { bus: packer, unit: 9, coil: 5 }, priority: critical }
`,
  );
});

async function notifyTest(...args: string[]): Promise<CommandOutcome> {
  return await runCommand(notifyTestCommand, ["--config", file, ...args]);
}

describe("notify test", () => {
  test("tells a recipient by all its ways", async () => {
    const { code, out } = await notifyTest("shift");
    expect(out).toMatch(/^shift\.webhook +told$/m);
    expect(out).toMatch(/^shift\.alertmanager +told$/m);
    expect(code).toBe(0);
    expect(hook.received.map(({ path }) => path).toSorted()).toEqual(["/api/v2/alerts", "/shift"]);
    expect(written).toEqual([]);
  });

  test("lights a lamp for three seconds", async () => {
    expect(await notifyTest("red")).toMatchObject({ code: 0 });
    expect(written).toEqual([
      [5, 4, 0xff00],
      [5, 4, 0],
    ]);
  });

  test("tells everybody, and fails where one of the ways does", async () => {
    hook.answer(500, 500);
    const { code, out } = await notifyTest("--all", "--json");
    const error = `${hook.url} answered with status 500`;
    expect(JSON.parse(out)).toEqual([
      { address: "shift.webhook", error },
      { address: "shift.alertmanager", error },
      { address: "red.coil", error: null },
    ]);
    expect(code).toBe(1);
  });

  test.each([
    [["shfit"], 'There is no recipient "shfit" in the file. Did you mean "shift"?'],
    [[], "Who is to be told? Name one of shift, red, or give --all."],
    [["shift", "--all"], "Who is to be told?"],
  ])("%j is misuse", async (args, message) => {
    const { code, err } = await notifyTest(...args);
    expect(err).toContain(message);
    expect(code).toBe(2);
  });

  test("says where nobody is told of alarms", async () => {
    writeFileSync(file, "version: 1\ngateway: hall-3\n");
    const { code, err } = await notifyTest("--all");
    expect(err).toContain("Nobody is told of alarms");
    expect(code).toBe(2);
  });
});

test("notify ls shows the ways of the file, and that nothing is known of them", async () => {
  const { code, out, err } = await runCommand(notifyListCommand, ["--config", file]);
  expect(out).toMatch(/^shift\.webhook +\?/m);
  expect(out).toMatch(/^red\.coil +\?/m);
  expect(err).toContain("No agent runs");
  expect(code).toBe(0);
});
