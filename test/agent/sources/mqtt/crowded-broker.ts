/**
 * A broker in a process that may open few files, for a test: prints its port. For each line of its
 * input it opens a file, and prints its counters.
 */
import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline";
import { startBroker } from "./start-broker.ts";

const { broker } = await startBroker({ maxClients: 10_000 });
process.stdout.write(`${broker.port}\n`);
for await (const path of createInterface({ input: process.stdin })) {
  closeSync(openSync(path, "w"));
  process.stdout.write(`${JSON.stringify(broker.status().counters)}\n`);
}
