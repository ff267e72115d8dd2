/** A real agent tells real receivers, is killed in the middle of an alarm, and goes on. */
import { expect, onTestFinished, test, vi } from "vitest";
import { Mosquitto } from "#test/agent/sources/mqtt/mosquitto.ts";
import { alertmanager, startAlertmanager } from "#test/core/notify/alertmanager-server.ts";
import { subscriber } from "#test/core/notify/mosquitto-subscriber.ts";
import { aiosmtpd, startSmtpServer } from "#test/core/notify/smtp-server.ts";
import { type HttpReceiver, startHttpReceiver } from "#test/support/http-receiver.ts";
import { mosquittoBroker, mosquittoPub, peerTest } from "#test/support/peer.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { startAgent } from "./alarm-agent.ts";

vi.setConfig({ testTimeout: 60_000 });

interface Told {
  id: string;
  incident: string;
  kind: string;
  value: number;
}

function toldTo({ received }: HttpReceiver): Told[] {
  return received.map(({ body }): Told => JSON.parse(body));
}

test("a kill in the middle of an alarm neither loses nor repeats what people are told", async () => {
  const [shift, office] = [await startHttpReceiver(), await startHttpReceiver()];
  const agent = await startAgent(`  shift: { webhook: "${shift.url}" }
  office: { webhook: "${office.url}" }`);
  shift.otherwise = 503;
  await agent.publish(250);
  await shift.has(1);
  await office.has(1);
  // Written is that office has been told only a moment later.
  await until(async () => (await agent.command("notify", "ls")).includes('"delivered":1'));
  await agent.kill();
  const tried = shift.received.length;

  shift.otherwise = 200;
  await agent.start();
  await shift.has(tried + 1);
  await agent.publish(251);
  await agent.publish(200);
  await shift.has(tried + 2);
  await office.has(2);
  const taken = toldTo(shift).slice(tried);
  expect(taken.map(({ kind }) => kind)).toEqual(["raised", "cleared"]);
  expect(new Set(toldTo(shift).map(({ id }) => id)).size).toBe(2);
  expect(toldTo(office).map(({ kind }) => kind)).toEqual(["raised", "cleared"]);
  expect(new Set([...toldTo(office), ...taken].map(({ incident }) => incident)).size).toBe(1);
});

test("what waits for a recipient is told by the way that its file has now", async () => {
  const [before, after] = [await startHttpReceiver(), await startHttpReceiver()];
  const agent = await startAgent(`  shift: { webhook: "${before.url}" }`);
  before.otherwise = 503;
  await agent.publish(250);
  await before.has(1);
  agent.tell(`  shift: { webhook: "${after.url}" }`);
  await after.has(1);
  await agent.publish(200);
  await after.has(2);
  expect(toldTo(after).map(({ kind }) => kind)).toEqual(["raised", "cleared"]);
  expect(toldTo(after)[0]?.id).toBe(toldTo(before)[0]?.id);
});

const PEERS = [aiosmtpd, mosquittoBroker, mosquittoPub, alertmanager];

peerTest("an alarm reaches real receivers by every way, and so does its end", PEERS, async () => {
  const hook = await startHttpReceiver();
  const smtp = await startSmtpServer();
  const broker = await Mosquitto.start(await tempFolder());
  onTestFinished(() => broker.stop());
  const messages = await subscriber(broker.port);
  const pager = await startHttpReceiver();
  const alerts = await startAlertmanager(pager.url);
  const addresses = "from: hall-3@example.com, to: [shift@example.com]";
  const topic = "plant/{device}/{tag}";
  const agent = await startAgent(`  shift:
    webhook: { url: "${hook.url}", key: a key of 24 characters }
    mail: { host: 127.0.0.1, port: ${smtp.port}, ${addresses} }
    mqtt: { url: "mqtt://127.0.0.1:${broker.port}", topic: "${topic}" }
    alertmanager: "${alerts}"`);
  await agent.publish(250);
  await until(() => messages.length === 1 && smtp.mails.length === 1);
  await Promise.all([hook.has(1), pager.has(1)]);
  await agent.publish(200);
  await until(() => messages.length === 2 && smtp.mails.length === 2);
  await Promise.all([hook.has(2), pager.has(2)]);
  expect(toldTo(hook).map(({ kind }) => kind)).toEqual(["raised", "cleared"]);
  expect(messages[0]).toMatch(/^0 plant\/oven-2\/temperature \{"version":1,/);
  expect(smtp.mails.map(({ to }) => to)).toEqual([["shift@example.com"], ["shift@example.com"]]);
  const paged = pager.received.map(({ path, body }) => [path, JSON.parse(body).status]);
  expect(paged).toEqual([
    ["/on-call", "firing"],
    ["/on-call", "resolved"],
  ]);
});
