import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { EventHubProducerClient } from "@azure/event-hubs";
import { expect, test } from "vitest";
import { eventually, impatient, startTestHub } from "#test/support/hub.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { SharedStore } from "./shared-store.ts";

const PARTITIONS = 32;
const PROGRAM = fileURLToPath(new URL("processor.ts", import.meta.url));

interface Processor {
  /** `partition/sequence` of every event handed over. */
  seen: string[];
  child: ChildProcess;
  stop(): Promise<void>;
}

function startProcessor(connectionString: string, storePath: string): Processor {
  const child = spawn(process.execPath, [PROGRAM, connectionString, storePath], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const seen: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => seen.push(line));
  return {
    seen,
    child,
    stop: async () => {
      child.stdin.end();
      await once(child, "close");
    },
  };
}

async function sendToAll(producer: EventHubProducerClient): Promise<void> {
  const ids = Array.from({ length: PARTITIONS }, (_, id) => String(id));
  await Promise.all(
    ids.map(async (partitionId) => producer.sendBatch([{ body: 1 }, { body: 2 }], { partitionId })),
  );
}

test("three processes share 32 partitions, take over from a killed one, and resume", async () => {
  const hub = await startTestHub({ partitions: PARTITIONS });
  const storePath = join(await tempFolder(), "store.db");
  const store = new SharedStore(storePath);
  const producer = new EventHubProducerClient(hub.connectionString, impatient);
  const start = (): Processor => startProcessor(hub.connectionString, storePath);
  await sendToAll(producer);
  const processors = [start(), start(), start()];
  const everything = (): Set<string> => new Set(processors.flatMap(({ seen }) => seen));
  await eventually("the balance", () => store.shares.join() === "10,11,11", 60_000);
  await sendToAll(producer);
  await eventually("every event", () => everything().size === PARTITIONS * 4, 30_000);

  processors[0]?.child.kill("SIGKILL");
  await sendToAll(producer);
  await eventually("the take-over", () => everything().size === PARTITIONS * 6, 60_000);
  await Promise.all(processors.slice(1).map(async (processor) => processor.stop()));

  await sendToAll(producer);
  const successor = start();
  await eventually("the new events", () => successor.seen.length >= PARTITIONS * 2, 30_000);
  await successor.stop();
  expect(successor.seen.toSorted()).toEqual(
    Array.from({ length: PARTITIONS }, (_, id) => [`${id}/6`, `${id}/7`])
      .flat()
      .toSorted(),
  );
  store.close();
  await producer.close();
  await hub.stop();
}, 120_000);
