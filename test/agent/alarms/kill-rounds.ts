/**
 * Kills the real agent again and again in the middle of an alarm: between its message, its being
 * kept, its notice, and the message's acknowledgement. The device sends again until it has an
 * answer, and a real HTTP server takes the notices.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connectAsync, type MqttClient } from "mqtt";
import { systemClock } from "#core/clock.ts";
import type { WebhookBody } from "#core/notify/webhook-body.ts";
import { createRandom, type Random } from "#core/random.ts";
import { type AgentProcess, startAgent } from "#test/support/agent-process.ts";
import { startNoticeHook } from "#test/support/notice-hook.ts";
import { until } from "#test/support/until.ts";

export interface KillOutcome {
  rounds: number;
  /** Alarms that began, and that ended, each in a message that was acknowledged at last. */
  raises: number;
  clears: number;
  /** Notices that arrived, and those that came once more under the same id. */
  notices: number;
  repeats: number;
  /** What nobody was told of. */
  lost: string[];
  /** What was told under more than one id. */
  doubled: string[];
}

export interface KillRounds {
  folder: string;
  rounds: number;
  seed: number;
}

/** Commit, notice and acknowledgement all happen within this. */
const KILL_WITHIN_MS = 40;
const LIMIT = 100;

export async function killRounds({ folder, rounds, seed }: KillRounds): Promise<KillOutcome> {
  const receiver = new Receiver();
  const hook = await startNoticeHook((body) => receiver.bodies.push(body));
  const file = join(folder, "gateway.yaml");
  await writeFile(file, gatewayFile(join(folder, "buffer"), hook.url));
  const random = createRandom(seed);
  const startTs = systemClock.now() - rounds * 1000;
  let agent = await startAgent(file);
  try {
    for (let round = 0; round < rounds; round++) {
      const payload = payloadOf(round, startTs);
      await sendAndKill(agent, payload, random);
      agent = await startAgent(file);
      await sendUntilAnswered(agent, payload);
    }
    await until(() => receiver.kinds("cleared").size >= Math.floor(rounds / 2));
    return judge(rounds, startTs, receiver);
  } finally {
    await agent.stop();
    hook.stop();
  }
}

/** In turns beyond the limit and within it. */
function payloadOf(round: number, startTs: number): string {
  return JSON.stringify({ ts: startTs + round * 1000, t: round % 2 === 0 ? LIMIT + 1 : 1 });
}

async function sendAndKill(agent: AgentProcess, payload: string, random: Random): Promise<void> {
  const client = await deviceOf(agent);
  // Whether it is answered is chance.
  client.publish("plant/oven", payload, { qos: 1 });
  await systemClock.sleep(random.next() * KILL_WITHIN_MS, { name: "until the kill" });
  await agent.kill();
  client.end(true);
}

async function sendUntilAnswered(agent: AgentProcess, payload: string): Promise<void> {
  const client = await deviceOf(agent);
  await client.publishAsync("plant/oven", payload, { qos: 1 });
  await client.endAsync();
}

async function deviceOf({ mqttPort: port }: AgentProcess): Promise<MqttClient> {
  const way = { host: "127.0.0.1", port, clientId: "oven", reconnectPeriod: 0 };
  const client = await connectAsync(way);
  client.on("error", () => {
    // The agent was killed: that is what this is about.
  });
  return client;
}

function judge(rounds: number, startTs: number, receiver: Receiver): KillOutcome {
  const lost: string[] = [];
  const doubled: string[] = [];
  const raised = receiver.kinds("raised");
  const cleared = receiver.kinds("cleared");
  for (let round = 0; round < rounds; round += 2) {
    const since = startTs + round * 1000;
    const ends = round + 1 < rounds ? [["cleared", cleared] as const] : [];
    for (const [kind, byTime] of [["raised", raised] as const, ...ends]) {
      const ids = byTime.get(since)?.size ?? 0;
      if (ids === 0) lost.push(`${kind} ${round}`);
      if (ids > 1) doubled.push(`${kind} ${round}`);
    }
  }
  return {
    rounds,
    raises: Math.ceil(rounds / 2),
    clears: Math.floor(rounds / 2),
    notices: receiver.bodies.length,
    repeats: receiver.bodies.length - new Set(receiver.bodies.map(({ id }) => id)).size,
    lost,
    doubled,
  };
}

class Receiver {
  readonly bodies: WebhookBody[] = [];

  /** The ids of the notices of that kind, by the time at which their alarm began. */
  kinds(kind: WebhookBody["kind"]): Map<number, Set<string>> {
    const found = new Map<number, Set<string>>();
    for (const body of this.bodies) {
      if (body.kind !== kind || body.rule !== "limit-h") continue;
      const ids = found.get(body.since) ?? new Set();
      found.set(body.since, ids.add(body.id));
    }
    return found;
  }
}

/** Chatter and floods are allowed here: each alarm is to be told. */
function gatewayFile(buffer: string, hook: string): string {
  return `version: 1
gateway: hall-3
log: error
buffer: { path: ${JSON.stringify(buffer)}, minFreeDisk: 1MiB }
http: { listen: 127.0.0.1:0 }
mqtt:
  broker: { listen: 127.0.0.1:0 }
  topics: [{ topic: "plant/{device}" }]
devices:
  oven:
    detect: { auto: false }
    tags: { t: { limits: { h: ${LIMIT}, deadband: 1 } } }
alarms:
  policy:
    chatter: { raises: 20, window: 10s, calm: 10s }
    flood: { notices: 1000, window: 10s }
  shift: { webhook: ${JSON.stringify(hook)} }
`;
}
