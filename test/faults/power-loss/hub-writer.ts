/** Fills a hub's log, and notes each event when it is confirmed. */
import { openSync, writeSync } from "node:fs";
import { createRandom } from "#core/random.ts";
import { append } from "../../cloud/hub/log/log-fixture.ts";
import { HUB_PARTITIONS, openHub } from "./hub-subject.ts";

const EVENTS = 400;
const IN_FLIGHT = 20;
const BODY_BYTES_MAX = 2000;

const [folder = "", notesPath = "", run = "0"] = process.argv.slice(2);
const random = createRandom(Number(run) + 1);
const notes = openSync(notesPath, "a");
const note = (text: string): void => void writeSync(notes, `${text}\n`);

const { hub, log } = await openHub(folder);
note(`key ${hub.connectionString("telemetry").split(";")[2]}`);

const appendOne = async (number: number): Promise<void> => {
  const partition = random.int(HUB_PARTITIONS);
  const name = `${run}/${number}`;
  await append(log, partition, `${name} ${"x".repeat(random.int(BODY_BYTES_MAX))}`);
  note(`event ${partition} ${name}`);
};

for (let number = 0; number < EVENTS; number += IN_FLIGHT) {
  await Promise.all(Array.from({ length: IN_FLIGHT }, async (_, i) => appendOne(number + i)));
}
// Every fourth time it is stopped as a hub should be; otherwise it just ends.
if (Number(run) % 4 === 3) await hub.stop();
process.exit(0);
