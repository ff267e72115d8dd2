import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { MqttNotifier } from "#core/notify/mqtt.ts";
import { mqttMessagesOf } from "#core/notify/mqtt-message.ts";
import { summedUp } from "#core/notify/overflow.ts";
import type { MqttChannel } from "#core/notify/recipient.ts";
import { entryFor } from "#core/notify/routing.ts";
import { webhookBody } from "#core/notify/webhook-body.ts";
import { makeCertificates } from "#test/agent/sources/mqtt/certificates.ts";
import { Mosquitto } from "#test/agent/sources/mqtt/mosquitto.ts";
import { openssl } from "#test/cloud/hub/self-signed.ts";
import { startMuteServer } from "#test/support/mute-server.ts";
import { mosquittoBroker, mosquittoPub, peerTest } from "#test/support/peer.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { failureOf } from "./failure-of.ts";
import { madeEnd, madeNotice } from "./made-notice.ts";
import { subscriber } from "./mosquitto-subscriber.ts";

const run = promisify(execFile);
const never = new AbortController().signal;
const peers = [mosquittoBroker, mosquittoPub];
const TOPIC = "plant/{gateway}/{device}/{tag}/{rule}";

function channelTo(port: number, changes: Partial<MqttChannel> = {}): MqttChannel {
  const url = `mqtt://127.0.0.1:${port}`;
  return { url, topic: TOPIC, retain: false, protocol: 4, ...changes };
}

async function publish(channel: MqttChannel, notice = madeNotice()): Promise<void> {
  await new MqttNotifier(channel).deliver(notice, never);
}

async function startBroker(lines: readonly string[] = []): Promise<Mosquitto> {
  const broker = await Mosquitto.start(await tempFolder(), lines);
  onTestFinished(() => broker.stop());
  return broker;
}

describe("a real MQTT client", () => {
  for (const protocol of [4, 5] as const) {
    peerTest(`receives a notice that was published by MQTT ${protocol}`, peers, async () => {
      const { port } = await startBroker();
      const messages = await subscriber(port);
      await publish(channelTo(port, { protocol }));
      await until(() => messages.length === 1);
      const [, topic, payload] = /^0 (\S+) (.*)$/.exec(messages[0] ?? "") ?? [];
      expect(topic).toBe("plant/hall-3/oven-2/temperature/limit-hh");
      expect(webhookBody.parse(JSON.parse(payload ?? ""))).toMatchObject({ value: 241.3 });
    });
  }

  peerTest("that comes late finds what stands, and nothing of what is over", peers, async () => {
    const { port } = await startBroker();
    const channel = channelTo(port, { retain: true });
    await publish(channel);
    await publish(channel, madeNotice({ device: "oven-3", key: "oven-3/temperature/limit-hh" }));
    await publish(channel, madeEnd());
    const messages = await subscriber(port);
    await until(() => messages.length === 1);
    expect(messages[0]).toMatch(/^1 plant\/hall-3\/oven-3\//);
  });

  peerTest("hears of the end before it is forgotten", peers, async () => {
    const { port } = await startBroker();
    const messages = await subscriber(port);
    await publish(channelTo(port, { retain: true }), madeEnd());
    await until(() => messages.length === 2);
    expect(messages[0]).toContain('"kind":"cleared"');
    expect(messages[1]).toMatch(/limit-hh $/);
  });
});

describe("a broker", () => {
  peerTest("is reached by TLS, with a user and a password", [...peers, openssl], async () => {
    const folder = await tempFolder();
    await makeCertificates(folder);
    const passwords = join(folder, "passwords");
    writeFileSync(passwords, "hall3:secret\n");
    await run("mosquitto_passwd", ["-U", passwords]);
    const { port } = await startBroker([
      `certfile ${folder}/cert.pem`,
      `keyfile ${folder}/key.pem`,
      "allow_anonymous false",
      `password_file ${passwords}`,
    ]);
    const url = `mqtts://localhost:${port}`;
    const channel = channelTo(port, { url, user: "hall3", password: "secret" });
    await publish({ ...channel, ca: join(folder, "ca.pem") });

    const denied = publish({ ...channel, ca: join(folder, "ca.pem"), password: "other" });
    await expect(denied).rejects.toThrow(/did not take it: .*[Nn]ot authorized/);
    await expect(publish(channel)).rejects.toThrow(/localhost:\d+ did not take it: .*certificate/);
  });

  peerTest("that refuses the topic says so by MQTT 5", peers, async () => {
    const folder = await tempFolder();
    const rights = join(folder, "rights");
    writeFileSync(rights, "topic read #\n");
    const { port } = await startBroker([`acl_file ${rights}`]);
    await expect(publish(channelTo(port, { protocol: 5 }))).rejects.toThrow(/[Nn]ot authorized/);
  });

  test("that says nothing is left when nobody waits any more", async () => {
    const mute = await startMuteServer();
    const stopping = new AbortController();
    const publishing = new MqttNotifier(channelTo(mute.port)).deliver(
      madeNotice(),
      stopping.signal,
    );
    const socket = await mute.connected;
    stopping.abort();
    await expect(publishing).rejects.toMatchObject({ name: "AbortError" });
    await once(socket.resume(), "close");
  });

  test("that is not there is tried again", async () => {
    expect(await failureOf(publish(channelTo(1)))).toMatchObject({
      isTransient: true,
      code: "NOTICE_UNDELIVERED",
    });
  });
});

function topicOf(notice = madeNotice()): string | undefined {
  return mqttMessagesOf(notice, { topic: TOPIC, retain: true })[0]?.topic;
}

test("what stands for many is not retained: it has no end that would remove it", () => {
  const entry = entryFor(madeNotice(), "board.mqtt", 0);
  const { notice } = summedUp(undefined, entry);
  const messages = mqttMessagesOf(notice, { topic: TOPIC, retain: true });
  expect(messages).toMatchObject([{ retain: false }]);
});

describe("topics", () => {
  test("have a level for each name, whatever is in it", () => {
    const names = { device: "a/b+#", tag: "", key: "a%2Fb+#//limit-hh" };
    expect(topicOf(madeNotice(names))).toBe("plant/hall-3/a_b__/_/limit-hh");
  });

  test("of a group are the same for its begin and its end, which name other members", () => {
    const key = "group/silent/rs485-a/1";
    const begin = madeNotice({ kind: "group", key, rule: "silent", device: "meter-1" });
    const end = madeEnd({ key, rule: "silent", device: "meter-7" });
    expect(topicOf(end)).toBe(topicOf(begin));
    expect(topicOf(begin)).not.toBe(topicOf());
  });
});
