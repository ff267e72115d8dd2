import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { IClientOptions, MqttClient } from "mqtt";
import { pino } from "pino";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { MqttBroker } from "#agent/sources/mqtt/mqtt-broker.ts";
import { hashPassword, isPassword } from "#agent/sources/mqtt/password.ts";
import { type Clock, systemClock } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { makeCertificates } from "./certificates.ts";
import { RawClient } from "./raw-client.ts";
import { connectDevice, counterOf, startBroker, TOPICS } from "./start-broker.ts";

const MESSAGE = '{"ts":1763707200000,"speed":1.5}';

let pressHash: string;
beforeAll(async () => {
  pressHash = await hashPassword("right");
});

async function startWithUsers(
  extra: Record<string, unknown> = {},
  clock: Clock = systemClock,
): Promise<MqttBroker> {
  const users = {
    press: { password: pressHash, publish: ["plant/{user}"], subscribe: ["orders/{user}/#"] },
    oven: { password: pressHash },
  };
  const { broker } = await startBroker({ users, ...extra }, TOPICS, clock);
  onTestFinished(() => broker.stop());
  return broker;
}

async function login(broker: MqttBroker, options: IClientOptions = {}): Promise<MqttClient> {
  const client = await connectDevice(broker.port, {
    username: "press",
    password: "right",
    ...options,
  });
  onTestFinished(() => void client.end(true));
  return client;
}

describe("a password", () => {
  test("is known again by its hash, and no other is", async () => {
    expect(await isPassword(Buffer.from("right"), pressHash)).toBe(true);
    expect(await isPassword(Buffer.from("wrong"), pressHash)).toBe(false);
    expect(await isPassword(Buffer.from("right"), "right")).toBe(false);
  });

  test("has another hash each time", async () => {
    expect(await hashPassword("right")).not.toBe(pressHash);
  });
});

describe("users of the embedded broker", () => {
  test("log in with their password", async () => {
    const broker = await startWithUsers();
    const client = await login(broker);
    await client.publishAsync("plant/press", MESSAGE, { qos: 1 });
    expect(counterOf(broker, "readings")).toBe(1);
  });

  test.each<[string, IClientOptions]>([
    ["a wrong password", { password: "wrong" }],
    ["an unknown user", { username: "nobody" }],
    ["an object's property for a name", { username: "__proto__" }],
    ["no password", { username: "press", password: "" }],
  ])("are refused with %s, after a second", async (_, options) => {
    const clock = new ManualClock();
    const broker = await startWithUsers({}, clock);
    const outcome = login(broker, options).then(
      () => "admitted",
      (error: unknown) => messageOf(error),
    );
    await until(() => clock.waiting.includes("mqtt login refusal"));
    expect(clock.nextInMs).toBe(1000);
    await clock.advance(1000);
    expect(await outcome).toMatch("Connection refused");
    expect(counterOf(broker, "logins_refused")).toBe(1);
  });

  test("whose passwords somebody tries are named in one line an address, and the tries are counted", async () => {
    const clock = new ManualClock();
    const lines: { msg: string }[] = [];
    const log = pino({}, { write: (text: string) => void lines.push(JSON.parse(text)) });
    const users = { press: { password: pressHash } };
    const { broker } = await startBroker({ users }, TOPICS, clock, log);
    onTestFinished(() => broker.stop());
    const tries = async (amount: number, options: IClientOptions): Promise<void> => {
      const refused = Array.from({ length: amount }, async (_, i) => {
        const guess = { clientId: `guess-${i}`, password: `wrong ${i}`, ...options };
        await expect(connectDevice(broker.port, guess)).rejects.toThrow("Connection refused");
      });
      const isDelayed = (): boolean =>
        clock.waiting.filter((name) => name === "mqtt login refusal").length === amount;
      await until(isDelayed);
      await clock.advance(1000);
      await Promise.all(refused);
    };
    await tries(20, { username: "press" });
    await clock.advance(10_000);
    await tries(1, { username: "hunter2" });
    const refusals = lines.filter(({ msg }) => msg === "an MQTT login was refused");
    const who = { reason: "wrong user or password", address: "127.0.0.1" };
    expect(refusals).toMatchObject([
      { ...who, user: "press", client: expect.stringMatching(/^guess-/), heldBack: 0 },
      { ...who, client: "guess-0", heldBack: 19 },
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/hunter2|wrong \d/);
    expect(counterOf(broker, "logins_refused")).toBe(21);
  });

  test("may publish where they have the right to, and are closed elsewhere", async () => {
    const broker = await startWithUsers();
    const client = await login(broker);
    await client.publishAsync("plant/press", MESSAGE, { qos: 1 });
    void client.publishAsync("plant/oven", MESSAGE, { qos: 1 }).catch(() => {});
    await until(() => !client.connected);
    expect(counterOf(broker, "publishes_denied")).toBe(1);
    expect(counterOf(broker, "readings")).toBe(1);
  });

  test("may not leave a will where they may not publish", async () => {
    const broker = await startWithUsers();
    const will = {
      topic: "plant/oven",
      payload: Buffer.from(MESSAGE),
      qos: 1,
      retain: false,
    } as const;
    const client = await login(broker, { will });
    client.stream.destroy();
    await until(() => counterOf(broker, "publishes_denied") === 1);
    expect(counterOf(broker, "readings")).toBe(0);
  });

  test.each([
    ["orders/press/#", true],
    ["orders/press/+/x", true],
    ["orders/press", true],
    ["orders/oven/#", false],
    ["orders/+/#", false],
    ["orders/#", false],
    ["#", false],
    ["penstock/alarms/#", false],
  ])("may subscribe to %s: %s", async (filter, isAllowed) => {
    const broker = await startWithUsers();
    const client = await login(broker);
    const subscribing = client.subscribeAsync(filter, { qos: 1 });
    const outcome = await subscribing.then(
      ([granted]) => granted?.qos === 1,
      () => false,
    );
    expect(outcome).toBe(isAllowed);
  });

  test("cannot take over the client id of another user, but their own", async () => {
    const broker = await startWithUsers();
    const first = await login(broker, { clientId: "shared" });
    await expect(login(broker, { clientId: "shared", username: "oven" })).rejects.toThrow(
      "refused",
    );
    expect(first.connected).toBe(true);
    await login(broker, { clientId: "shared" });
    await until(() => !first.connected);
  });
});

describe("the embedded broker over TLS", () => {
  test("knows a user by the client certificate, and refuses strangers", async () => {
    const folder = await tempFolder();
    await makeCertificates(folder);
    const broker = await startWithUsers({ tls: folder });
    const ca = readFileSync(join(folder, "ca.pem"));
    const address = { protocol: "mqtts", servername: "localhost", ca } as const;
    const client = await connectDevice(broker.port, {
      ...address,
      cert: readFileSync(join(folder, "press-cert.pem")),
      key: readFileSync(join(folder, "press-key.pem")),
    });
    onTestFinished(() => void client.end(true));
    await client.publishAsync("plant/press", MESSAGE, { qos: 1 });
    expect(counterOf(broker, "readings")).toBe(1);
    const stranger = login(broker, address);
    await expect(stranger).rejects.toThrow("certificate required");
    const plain = new RawClient(broker.port);
    plain.send("not a handshake of TLS");
    await plain.closed();
    expect(counterOf(broker, "connections_refused")).toBe(2);
  });

  test("does not start without its files, and says which is missing", async () => {
    const folder = await tempFolder();
    await expect(startBroker({ tls: folder })).rejects.toMatchObject({
      code: "LISTEN_FAILED",
      context: { path: join(folder, "cert.pem") },
    });
  });
});
