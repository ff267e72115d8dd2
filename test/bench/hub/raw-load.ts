/**
 * The hub alone: prebuilt frames, so that the client costs next to nothing and the hub is what is
 * measured.
 */
import rhea from "rhea";
import { types } from "#cloud/hub/amqp/codec.ts";
import { protocolHeader } from "#cloud/hub/amqp/frames.ts";
import { fieldsOf, PERFORMATIVE } from "#cloud/hub/amqp/performatives.ts";
import { systemClock } from "#core/clock.ts";
import {
  attachBytes,
  beginBytes,
  frame,
  openBytes,
  RawClient,
  transferBytes,
} from "../../cloud/hub/raw-client.ts";
import { eventually } from "../../support/hub.ts";

const BATCH_FORMAT = 0x80013700;
const IN_FLIGHT = 200;
const EVERYTHING = 1_000_000_000;

async function connected(port: number, key: string): Promise<RawClient> {
  const client = new RawClient(port);
  const response = types.wrap_binary(Buffer.from(`\0RootManageSharedAccessKey\0${key}`));
  const init = frame(PERFORMATIVE.saslInit, [types.wrap_symbol("PLAIN"), response], 0, 1);
  client.send(protocolHeader(3), init);
  await client.received(PERFORMATIVE.saslOutcome);
  client.send(protocolHeader(0), openBytes, beginBytes);
  await client.received(PERFORMATIVE.begin);
  return client;
}

/** One transfer with so many events of so many bytes, as the SDK's producer would send it. */
function transferOf(events: number, eventBytes: number): { head: (id: number) => Buffer } {
  const message = rhea.message.encode({
    body: rhea.message.data_section(Buffer.alloc(eventBytes, 65)),
  });
  const batch = rhea.message.encode({
    body: rhea.message.data_sections(Array.from({ length: events }, () => message)),
  });
  return {
    head: (id) => transferBytes({ handle: 0, id, format: BATCH_FORMAT, payload: batch }),
  };
}

export interface RawLoad {
  port: number;
  key: string;
  partition: number;
  eventBytes: number;
  batchEvents: number;
}

/** Sends until `isOver` says so of the batches begun; gives the number of confirmed events. */
export async function sendRaw(
  load: RawLoad,
  isOver: (batches: number) => boolean,
): Promise<number> {
  const client = await connected(load.port, load.key);
  client.send(attachBytes(0, false, `telemetry/Partitions/${load.partition}`));
  await client.received(PERFORMATIVE.flow);
  const { head } = transferOf(load.batchEvents, load.eventBytes);
  let sent = 0;
  let confirmed = 0;
  client.onFrame = (item) => {
    if (item.code !== PERFORMATIVE.disposition) return;
    const [, first, last] = fieldsOf(item).map(({ value }) => value);
    confirmed += Number(last) - Number(first) + 1;
    fill();
  };
  const fill = (): void => {
    while (sent - confirmed < IN_FLIGHT && !isOver(sent)) client.send(head(sent++));
  };
  fill();
  await eventually("the end of the sending", () => isOver(sent) && confirmed === sent, 600_000);
  client.end();
  return confirmed * load.batchEvents;
}

/** Reads so many events from the partition's start. */
export async function receiveRaw(load: RawLoad, events: number): Promise<void> {
  const client = await connected(load.port, load.key);
  let received = 0;
  client.onFrame = (item) => {
    if (item.code === PERFORMATIVE.transfer) received += 1;
  };
  client.send(
    attachBytes(0, true, `telemetry/ConsumerGroups/penstock/Partitions/${load.partition}`),
  );
  const grant = [0, EVERYTHING, 0, 5000, 0, 0, EVERYTHING].map((value) => types.wrap_uint(value));
  client.send(frame(PERFORMATIVE.flow, grant));
  await eventually("all events", () => received >= events, 600_000);
  client.end();
}

/** Attaches a reader with much credit that never reads its socket; ends with the returned call. */
export async function stickReader(load: RawLoad): Promise<() => void> {
  const client = await connected(load.port, load.key);
  client.send(
    attachBytes(0, true, `telemetry/ConsumerGroups/penstock/Partitions/${load.partition}`),
  );
  const grant = [0, EVERYTHING, 0, 5000, 0, 0, EVERYTHING].map((value) => types.wrap_uint(value));
  client.send(frame(PERFORMATIVE.flow, grant));
  client.socket.pause();
  return () => client.end();
}

/** Send → receive of paced batches, both ends here; what the hub and the disk take, and little else. */
export async function rawLatencies(
  load: RawLoad,
  seconds: number,
  everyMs: number,
): Promise<{ events: number; latenciesMs: number[] }> {
  const sentMs: number[] = [];
  const latenciesMs: number[] = [];
  const receiver = await connected(load.port, load.key);
  receiver.onFrame = (item) => {
    if (item.code !== PERFORMATIVE.transfer) return;
    // One partition keeps the order, so the n-th event belongs to the n-th send.
    const batch = Math.floor(latenciesMs.length / load.batchEvents);
    latenciesMs.push(systemClock.monotonic() - (sentMs[batch] ?? Number.NaN));
  };
  receiver.send(
    attachBytes(0, true, `telemetry/ConsumerGroups/penstock/Partitions/${load.partition}`),
  );
  const grant = [0, EVERYTHING, 0, 5000, 0, 0, EVERYTHING].map((value) => types.wrap_uint(value));
  receiver.send(frame(PERFORMATIVE.flow, grant));
  const sender = await connected(load.port, load.key);
  sender.send(attachBytes(0, false, `telemetry/Partitions/${load.partition}`));
  await sender.received(PERFORMATIVE.flow);
  const { head } = transferOf(load.batchEvents, load.eventBytes);
  const batches = Math.round((seconds * 1000) / everyMs);
  const startedMs = systemClock.monotonic();
  for (let id = 0; id < batches; id++) {
    sentMs.push(systemClock.monotonic());
    sender.send(head(id));
    const restMs = startedMs + (id + 1) * everyMs - systemClock.monotonic();
    if (restMs > 0) await systemClock.sleep(restMs, { name: "pace" });
  }
  const events = batches * load.batchEvents;
  await eventually("the last event", () => latenciesMs.length === events, 60_000);
  sender.end();
  receiver.end();
  return { events, latenciesMs };
}
