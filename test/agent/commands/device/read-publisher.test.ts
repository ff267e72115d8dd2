import { connectAsync } from "mqtt";
import { expect, onTestFinished, test, vi } from "vitest";
import { readCommand } from "#agent/commands/device/read.ts";
import { runCommand } from "#test/support/run-command.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { startAgent, writeGateway } from "../mqtt-agent.ts";

// Commands start programs, or wait for wires, on machines that other work may keep busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

test("a device that publishes is read by its name, though the file does not have it", async () => {
  const file = await writeGateway(await tempFolder());
  const read = (...args: string[]) => runCommand(readCommand, [...args, "--config", file]);
  expect(await read("oven-9")).toMatchObject({
    code: 2,
    err: expect.stringContaining('There is no device "oven-9".'),
  });
  const agent = await startAgent(file);
  onTestFinished(() => agent.stop());
  const client = await connectAsync(`mqtt://127.0.0.1:${agent.mqttPort}`);
  onTestFinished(() => client.endAsync());
  await client.publishAsync("plant/oven-9", '{"temperature": 71.2, "state": "RUN"}', { qos: 1 });
  expect(await read("oven-9")).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^temperature +71\.2 +good +20/m),
  });
  expect(await read("oven-9/state")).toMatchObject({ code: 0, out: "RUN\n" });
  expect(await read("oven-9/pressure")).toMatchObject({
    code: 2,
    err: expect.stringContaining('oven-9 has given no tag "pressure".'),
  });
});
