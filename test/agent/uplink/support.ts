/** An uplink with a buffer of its own, towards a hub that can fail, over a link that can fail. */
import {
  EventHubConsumerClient,
  earliestEventPosition,
  type ReceivedEventData,
} from "@azure/event-hubs";
import { expect, onTestFinished, vi } from "vitest";
import type { StoreAndForward } from "#agent/buffer/store-and-forward.ts";
import { makeProducer } from "#agent/uplink/hub-client.ts";
import { Uplink, type UplinkOptions } from "#agent/uplink/uplink.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import { type ReceivedChunk, unpackEvent } from "#core/chunk-codec.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { startTestHub, TEST_HUB, type TestHub, type TestHubOptions } from "#test/support/hub.ts";
import { LinkProxy } from "#test/support/link-proxy.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { message, openBuffer } from "../buffer/support.ts";

export const WAIT = { timeout: 20_000, interval: 25 };

/** Short, so that a test need not wait for what a gateway waits for. */
const SEND_TIMEOUT_MS = 1000;
const ALARM_AFTER_MS = 300;

export async function startHub(options: TestHubOptions = {}): Promise<TestHub> {
  const hub = await startTestHub(options);
  onTestFinished(() => hub.stop());
  return hub;
}

/** A link to the hub, with the connection string of whoever goes through it. */
export async function startLink(
  hub: TestHub,
): Promise<{ link: LinkProxy; connectionString: string }> {
  const { port: targetPort } = hub.hub.address;
  const link = new LinkProxy({ port: 0, targetPort }, systemClock);
  await link.start();
  onTestFinished(() => link.stop());
  const connectionString = hub.connectionString.replace(`:${targetPort};`, `:${link.port};`);
  return { link, connectionString };
}

export interface RunningUplink {
  buffer: StoreAndForward;
  uplink: Uplink;
  alarms: AlarmTransition[];
  stop(): Promise<void>;
}

export async function startUplink(
  connectionString: string,
  options: Partial<UplinkOptions> & { folder?: string } = {},
): Promise<RunningUplink> {
  const { folder = await tempFolder(), ...more } = options;
  const buffer = openBuffer(folder);
  const alarms: AlarmTransition[] = [];
  const uplink = new Uplink({
    makeClient: (timeoutMs) => makeProducer({ connectionString, hub: TEST_HUB }, timeoutMs),
    lingerMs: 5,
    bytesPerSecond: 1e6,
    backlogShare: 0.5,
    buffer,
    clock: systemClock,
    random: createRandom(1),
    log: silentLogger,
    onAlarm: (transition) => alarms.push(transition),
    sendTimeoutMs: SEND_TIMEOUT_MS,
    alarmAfterMs: ALARM_AFTER_MS,
    ...more,
  });
  await buffer.start();
  uplink.start();
  const stop = async (): Promise<void> => {
    await uplink.stop();
    await buffer.stop();
  };
  onTestFinished(stop);
  return { buffer, uplink, alarms, stop };
}

/** All events of the hub, as they come. */
export function receive(connectionString: string): ReceivedEventData[] {
  const events: ReceivedEventData[] = [];
  const client = new EventHubConsumerClient("$Default", connectionString, TEST_HUB, {
    retryOptions: { timeoutInMs: 2000, maxRetries: 5, retryDelayInMs: 100 },
  });
  const subscription = client.subscribe(
    {
      processEvents: async (received) => {
        events.push(...received);
      },
      processError: async () => {},
    },
    { startPosition: earliestEventPosition, maxWaitTimeInSeconds: 0.1, maxBatchSize: 100 },
  );
  onTestFinished(async () => {
    await subscription.close();
    await client.close();
  });
  return events;
}

export function chunksOf(events: readonly ReceivedEventData[]): ReceivedChunk[] {
  return events.flatMap((event) => unpackEvent(event.body));
}

/** Appends messages of one device, `from` to `to` (exclusive), one after the other. */
export async function append(
  buffer: StoreAndForward,
  from: number,
  to: number,
  device = "oven",
): Promise<void> {
  for (let i = from; i < to; i++) await buffer.append(message(device, i, { t: i }));
}

export async function untilEmpty(buffer: StoreAndForward): Promise<void> {
  await vi.waitFor(() => expect(buffer.status().segments).toBe(0), WAIT);
}

/** The distinct values, in the order in which they were first seen. */
export function valuesIn(events: readonly ReceivedEventData[]): unknown[] {
  const values = new Set<unknown>();
  for (const { content } of chunksOf(events)) {
    for (const block of content.kind === "readings" ? content.blocks : []) {
      for (const value of block.columns[0] ?? []) values.add(value);
    }
  }
  return [...values];
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Waits until the status names this code as its error; gives the reason. */
export async function untilCode(uplink: Uplink, code: string): Promise<string> {
  await vi.waitFor(() => expect(uplink.status().error?.code).toBe(code), WAIT);
  return uplink.status().error?.reason ?? "";
}
