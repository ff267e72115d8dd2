/** Loads that go through the SDK, each client in a process of its own. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { type LoadFigures, PARTITIONS } from "./measure.ts";
import type { SdkFigures, SdkTask } from "./sdk-client.ts";

const CLIENT = fileURLToPath(new URL("sdk-client.ts", import.meta.url));

const sdkFigures = z.object({
  events: z.number(),
  cpuSeconds: z.number(),
  beganMs: z.number(),
  endedMs: z.number(),
  latenciesMs: z.array(z.number()),
});

export type SdkLoad = Omit<SdkTask, "role">;

/** What each sender sends once, to open its links, before its figures begin. */
export function openingEvents({ batchEvents }: SdkLoad): number {
  return PARTITIONS * batchEvents;
}

class SdkClient {
  readonly #child: ChildProcess;

  constructor(task: SdkTask) {
    this.#child = fork(CLIENT, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#child.send(task);
  }

  async ready(): Promise<void> {
    await once(this.#child, "message");
  }

  expect(events: number): void {
    this.#child.send({ expected: events });
  }

  async figures(): Promise<SdkFigures> {
    const [message] = await once(this.#child, "message");
    return sdkFigures.parse(message);
  }
}

export async function sendOnly(load: SdkLoad): Promise<LoadFigures> {
  const sent = await new SdkClient({ ...load, role: "send" }).figures();
  const seconds = (sent.endedMs - sent.beganMs) / 1000;
  return { events: sent.events, seconds, senderCpuSeconds: sent.cpuSeconds };
}

/** Reads what is stored: so many events. */
export async function receiveOnly(load: SdkLoad, events: number): Promise<LoadFigures> {
  const receiver = new SdkClient({ ...load, role: "receive" });
  receiver.expect(events);
  await receiver.ready();
  const got = await receiver.figures();
  const seconds = (got.endedMs - got.beganMs) / 1000;
  return { events: got.events, seconds, receiverCpuSeconds: got.cpuSeconds };
}

/** Sends and receives at once; over when the last event sent has come. */
export async function sendAndReceive(load: SdkLoad): Promise<LoadFigures> {
  const receiver = new SdkClient({ ...load, role: "receive" });
  await receiver.ready();
  const receiving = receiver.figures();
  const sent = await new SdkClient({ ...load, role: "send" }).figures();
  receiver.expect(sent.events + openingEvents(load));
  const got = await receiving;
  return {
    events: sent.events,
    seconds: (got.endedMs - sent.beganMs) / 1000,
    senderCpuSeconds: sent.cpuSeconds,
    receiverCpuSeconds: got.cpuSeconds,
    latenciesMs: got.latenciesMs,
  };
}
