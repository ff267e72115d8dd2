/** Alarms over kills of the agent, as the sink sees them. */
import { connectAsync } from "mqtt";
import { expect, test, vi } from "vitest";
import { systemClock } from "#core/clock.ts";
import { createRandom } from "#core/random.ts";
import { getJson, startPrograms } from "#test/support/programs.ts";

const WAIT = { timeout: 30_000, interval: 50 };
const ROUNDS = 3;
/** The agent keeps the alarm, then the message, then answers: all within this. */
const KILL_WITHIN_MS = 30;
const OVEN = { line: "baking", tags: { t: { limits: { h: 100, l: -100, deadband: 1 } } } };

async function publish(port: number, payload: string): Promise<void> {
  const way = { host: "127.0.0.1", port, clientId: "oven", reconnectPeriod: 0 };
  const client = await connectAsync(way);
  await client.publishAsync("plant/oven", payload, { qos: 1 });
  await client.endAsync();
}

async function publishAndKill(
  port: number,
  payload: string,
  kill: () => Promise<void>,
): Promise<void> {
  const way = { host: "127.0.0.1", port, clientId: "oven", reconnectPeriod: 0 };
  const client = await connectAsync(way);
  client.on("error", () => {
    // The agent was killed: that is what this is about.
  });
  client.publish("plant/oven", payload, { qos: 1 });
  await kill();
  client.end(true);
}

test("each raise and each end in a message that was sent again after a kill reaches the sink", {
  timeout: 60_000,
}, async () => {
  const programs = await startPrograms({ buses: {}, devices: { oven: OVEN } });
  const random = createRandom(3);
  const startTs = systemClock.now();
  const expected: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const ts = startTs + round * 1000;
    const isBeyond = round % 2 === 0;
    const payload = JSON.stringify({ ts, t: isBeyond ? 101 : 1 });
    expected.push(`oven/t/limit-h/${isBeyond ? "active" : "cleared"}/${ts}`);
    await publishAndKill(programs.mqttPort, payload, async () => {
      await systemClock.sleep(random.next() * KILL_WITHIN_MS, { name: "until the kill" });
      await programs.kill("agent");
    });
    await vi.waitFor(() => publish(programs.mqttPort, payload), WAIT);
  }
  await vi.waitFor(async () => {
    const alarms = await getJson(programs.sinkUrl, "api/alarms?limit=1000");
    const ids = JSON.stringify(alarms);
    expect(expected.filter((id) => !ids.includes(id))).toEqual([]);
  }, WAIT);
});
