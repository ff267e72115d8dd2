/** `alarm …`, `maintenance …` and `notify …` with a running agent and a recipient that is there. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connectAsync, type MqttClient } from "mqtt";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Agent } from "#agent/agent.ts";
import { COMMANDS } from "#agent/command-table.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { systemClock } from "#core/clock.ts";
import type { WebhookBody } from "#core/notify/webhook-body.ts";
import { freePort } from "#test/support/free-port.ts";
import { type HttpReceiver, startHttpReceiver } from "#test/support/http-receiver.ts";
import { type CommandOutcome, runCommand } from "#test/support/run-command.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { startAgent } from "./mqtt-agent.ts";

let file: string;
let agent: Agent | undefined;
let hook: HttpReceiver;
let ts: number;

function gatewayFile(folder: string): string {
  return `version: 1
gateway: hall-3
site: north
buffer: { path: ${join(folder, "buffer")}, minFreeDisk: 1MiB }
http: { listen: 127.0.0.1:0 }
mqtt:
  broker: { listen: 127.0.0.1:0 }
  topics: [{ topic: "plant/{device}" }]
devices:
  oven-2:
    detect: { auto: false }
    tags:
      temperature: { unit: °C, limits: { hh: 240, h: 230, deadband: 2 } }
      level: { limits: { ll: 1, deadband: 0 } }
alarms:
  policy:
    latch: [limit-ll]
    shelveMax: 4h
    runbooks:
      limit-hh: { action: Turn the burner off., url: "https://wiki.example/ovens" }
  shift: { webhook: "${hook.url}/shift" }
`;
}

async function stopAgent(): Promise<void> {
  await agent?.stop();
  agent = undefined;
}

async function send(values: Record<string, number>): Promise<void> {
  ts += 1000;
  const way = { host: "127.0.0.1", port: agent?.mqttPort ?? 0 };
  const client: MqttClient = await connectAsync(way);
  await client.publishAsync("plant/oven-2", JSON.stringify({ ts, ...values }), { qos: 1 });
  await client.endAsync();
}

async function command(line: string, ...args: string[]): Promise<CommandOutcome> {
  const loader = COMMANDS[line];
  if (!loader) throw new Error(`no command ${line}`);
  const surroundings = { env: { SUDO_USER: "eva" } };
  return await runCommand(await loader(), [...args, "--config", file], surroundings);
}

/** What came, in short. */
function told(): string[] {
  return hook.received.map(({ body }) => {
    const { kind, key }: WebhookBody = JSON.parse(body);
    return `${kind} ${key}`;
  });
}

beforeEach(async () => {
  const folder = await tempFolder();
  file = join(folder, "gateway.yaml");
  hook = await startHttpReceiver();
  ts = systemClock.now();
  await writeFile(file, gatewayFile(folder));
  agent = await startAgent(file);
});

afterEach(stopAgent);

test("an alarm is told with what a person needs, listed, acknowledged, and known after a restart", async () => {
  await send({ temperature: 241, level: 5 });
  await hook.has(1);
  const body: WebhookBody = JSON.parse(hook.received[0]?.body ?? "");
  expect(body).toMatchObject({
    kind: "raised",
    key: "oven-2/temperature/limit-hh",
    site: "north",
    gateway: "hall-3",
    unit: "°C",
    value: 241,
    expected: 240,
    points: [241],
    related: [{ tag: "level", value: "5" }],
    action: "Turn the burner off.",
    runbook: "https://wiki.example/ovens",
    acknowledge: "penstock alarm ack oven-2/temperature/limit-hh",
  });
  const listed = await command("alarm ls");
  expect(listed.out).toMatch(/high +active, unacknowledged +oven-2\/temperature\/limit-hh/);
  expect(listed.out).not.toContain("limit-h ");
  expect(listed.err).toContain("Held back, or over: 1 more.");
  const acknowledged = await command("alarm ack", "oven-2/temperature", "--note", "burner is off");
  expect(acknowledged.out).toContain("active, acknowledged by eva");
  await hook.has(2);
  await stopAgent();
  agent = await startAgent(file);
  const { out } = await command("alarm ls", "--all", "--json");
  expect(JSON.parse(out)).toMatchObject([
    { raised: { rule: "limit-hh" }, acknowledged: { by: "eva", note: "burner is off" } },
    { raised: { rule: "limit-h" }, suppressedBy: "oven-2/temperature/limit-hh" },
  ]);
  await send({ temperature: 100 });
  await hook.has(3);
  expect(told()).toEqual([
    "raised oven-2/temperature/limit-hh",
    "acknowledged oven-2/temperature/limit-hh",
    "cleared oven-2/temperature/limit-hh",
  ]);
  expect((await command("alarm ls", "--all")).out).toBe("No alarms.\n");
  const journal = await command("alarm journal", "oven-2/temperature/limit-hh", "--json");
  const kinds = JSON.parse(journal.out).map(({ kind }: { kind: string }) => kind);
  expect(kinds.filter((kind: string) => kind !== "notified")).toEqual([
    "cleared",
    "acknowledged",
    "raised",
  ]);
});

test("shelving, reset and out of service do what they say, or say why not", async () => {
  await send({ level: 0 });
  await hook.has(1);
  const long = await command("alarm shelve", "oven-2/level", "--for", "5h");
  expect(long).toMatchObject({ code: 1 });
  expect(long.err).toContain("ALARM_REFUSED: an alarm is shelved for 4 hours at most");
  expect((await command("alarm shelve", "oven-2", "--for", "x")).code).toBe(2);
  const shelved = await command("alarm shelve", "oven-2/level", "--for", "2h", "--note", "known");
  expect(shelved.out).toMatch(/shelved until \S+Z by eva/);
  expect((await command("alarm ls")).out).toBe("No alarms.\n");
  await command("alarm unshelve", "oven-2/level");
  const early = await command("alarm reset", "oven-2/level");
  expect(early.err).toContain("oven-2/level/limit-ll is still active");
  await send({ level: 5 });
  await command("alarm ack", "oven-2/level");
  expect((await command("alarm ls", "--all")).out).toContain("over, acknowledged by eva, latched");
  expect((await command("alarm reset", "oven-2/level")).out).toContain("nothing of it is left");
  const unknown = await command("alarm out-of-service", "ovne-2");
  expect(unknown.err).toContain('ALARM_UNKNOWN: no alarm fits "ovne-2"');
  await send({ level: 0 });
  await hook.has(3);
  const out = await command("alarm out-of-service", "oven-2/level", "--note", "sensor ordered");
  expect(out.out).toContain("out of service by eva");
  expect((await command("alarm in-service", "oven-2/level", "--json")).code).toBe(0);
});

test("maintenance keeps people from being told, until it ends", async () => {
  expect((await command("maintenance begin", "oven-*", "--for", "1h")).code).toBe(2);
  const begun = await command("maintenance begin", "oven-*", "--for", "1h", "--reason", "burner");
  const [id = ""] = begun.out.split(":");
  expect((await command("maintenance ls")).out).toMatch(/eva +oven-\* +burner/);
  await send({ temperature: 300 });
  await until(async () => (await command("alarm ls")).out.includes("limit-hh"));
  expect(told()).toEqual([]);
  expect((await command("maintenance end", id)).out).toBe(`${id} has ended.\n`);
  await hook.has(1);
  expect(told()).toEqual(["raised oven-2/temperature/limit-hh"]);
  expect((await command("maintenance end", id)).err).toContain("ALARM_UNKNOWN");
  expect((await command("maintenance ls", "--json")).out).toBe("[]\n");
});

test("who is told can be tried, and changed while the agent runs", async () => {
  expect((await command("notify test", "shift")).code).toBe(0);
  expect(told()).toEqual([expect.stringMatching(/^test /)]);
  const text = gatewayFile(join(file, "..")).replace("/shift", "/office").replace("240", "239");
  await writeFile(file, text);
  await agent?.reload(loadGateway(file));
  await send({ temperature: 239.5 });
  await hook.has(2);
  expect(hook.received.at(-1)?.path).toBe("/office");
  expect((await command("notify ls")).out).toContain("shift.webhook");
});

test("what the gateway says of itself is told once, however often the agent is restarted", async () => {
  const port = await freePort();
  const bus = `buses: { packer: { modbus: tcp, host: 127.0.0.1, port: ${port} } }`;
  const meter =
    "  meter-1: { bus: packer, unit: 1, every: 100ms, tags: { power: { register: 40001 } } }";
  await stopAgent();
  const text = gatewayFile(join(file, "..")).replace("devices:", `${bus}\ndevices:\n${meter}`);
  await writeFile(file, text);
  agent = await startAgent(file);
  await hook.has(1);
  for (let restart = 0; restart < 2; restart++) {
    await stopAgent();
    agent = await startAgent(file);
    await until(async () => (await command("status")).out.includes("packer"));
    // Its journal says that the bus was found dead again.
    await until(async () => {
      const { out } = await command("alarm journal", "(gateway)/packer/dead", "--json");
      const entries: { kind: string }[] = JSON.parse(out);
      return entries.filter(({ kind }) => kind === "raised").length === restart + 2;
    });
  }
  expect(told()).toEqual(["raised (gateway)/packer/dead"]);
});
