/** A lamp on a Modbus bus of a real agent. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, onTestFinished } from "vitest";
import { PymodbusServer } from "#test/agent/sources/modbus/pymodbus-server.ts";
import { mbpoll, peerTest, pymodbus } from "#test/support/peer.ts";
import { until } from "#test/support/until.ts";
import { startAgent } from "./alarm-agent.ts";

const run = promisify(execFile);

peerTest("a lamp shows what stands, over a kill of the agent", [pymodbus, mbpoll], async () => {
  const server = await PymodbusServer.start({ 9: { coils: [false], words: [[9, [0]]] } });
  onTestFinished(() => server.stop());
  const coil = async (): Promise<number> => {
    const where = ["-m", "tcp", "-p", String(server.port), "-a", "9", "-t", "0", "-r", "1"];
    const { stdout } = await run("mbpoll", [...where, "-c", "1", "-1", "127.0.0.1"]);
    return Number(/\[1\]:\s+(\d)/.exec(stdout)?.[1]);
  };
  const agent = await startAgent(
    `  red: { coil: { bus: packer, unit: 9, coil: 1, heartbeat: { register: 40010, every: 200ms } } }`,
    `buses: { packer: { modbus: tcp, host: 127.0.0.1, port: ${server.port} } }`,
  );
  await agent.publish(250);
  await until(async () => (await coil()) === 1);
  await agent.kill();
  expect(await coil()).toBe(1);
  await agent.start();
  await agent.publish(200);
  await until(async () => (await coil()) === 0);
  const outcomes: unknown = JSON.parse(await agent.command("notify", "test", "red"));
  expect(outcomes).toEqual([{ address: "red.coil", error: null }]);
});
