/**
 * Deliveries that come again: chunks that lie in the hub are sent once more, cut into other events,
 * in another order, and by other partitions, as restarts, retries and a change of partitions do.
 */
import { type Random, shuffled } from "#core/random.ts";
import { type CopiedChunk, type Destination, HubCopyist } from "../hub-copyist.ts";
import { recut } from "../recut.ts";
import type { Inject } from "./injection.ts";

const EVENTS_MAX = 40;
const COPIES_MAX = 30;

export const resend: Inject = async ({ rig, pulse, ending }, _fault, random) => {
  await pulse.untilUp("hub", ending);
  const copyist = new HubCopyist(rig.hubConnection);
  const partition = random.int(rig.partitions);
  const chunks = await copyist.latest(String(partition), EVENTS_MAX);
  const events = shuffled(recut(chunks, random), random).slice(0, COPIES_MAX);
  for (const event of events)
    await copyist.send(event, destinationOf(event, rig.partitions, random));
  const copies = events.reduce((sum, event) => sum + event.length, 0);
  return { what: `${copies} chunks of partition ${partition} again, in ${events.length} events` };
};

function destinationOf(
  [first]: readonly CopiedChunk[],
  partitions: number,
  random: Random,
): Destination {
  if (!first || random.next() < 0.5) return { partitionId: String(random.int(partitions)) };
  return { partitionKey: `${first.id.gateway}/${first.id.lane}` };
}
