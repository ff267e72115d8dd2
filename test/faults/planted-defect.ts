/**
 * Defects that are planted on purpose, to see that the machine's judgement can fail: a run with one
 * of them must end as failed.
 */
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { decodeState, encodeState } from "#agent/buffer/buffer-state.ts";
import { STATE_KEY } from "#agent/buffer/keys.ts";
import type { Clock } from "#core/clock.ts";
import { HubCopyist } from "./hub-copyist.ts";
import type { Pulse } from "./pulse.ts";
import type { Rig } from "./rig.ts";

/** A segment that was acknowledged is taken away; a chunk comes again under another identity. */
export const defectNames = ["lost", "copied"] as const;

export type DefectName = (typeof defectNames)[number];

export interface DefectScene {
  rig: Rig;
  pulse: Pulse;
  clock: Clock;
}

/** Gives what was done. Called while the devices produce and nothing else is wrong. */
export async function plantDefect(name: DefectName, scene: DefectScene): Promise<string> {
  switch (name) {
    case "lost":
      return await loseSegment(scene);
    case "copied":
      return await copyChunk(scene);
  }
}

const SEGMENTS_MIN = 3;

async function loseSegment({ rig, pulse, clock }: DefectScene): Promise<string> {
  await rig.links.uplink.cut();
  while ((pulse.agent?.bufferSegments ?? 0) < SEGMENTS_MIN) {
    await clock.sleep(100, { name: "segments to lose" });
  }
  let lost = "";
  await rig.program("agent").whileDown(async () => {
    lost = await deleteLastSegment(join(rig.bufferFolder, "db"));
  });
  await rig.links.uplink.heal();
  return `deleted ${lost} of the buffer`;
}

async function deleteLastSegment(folder: string): Promise<string> {
  const database = new ClassicLevel<string, Buffer>(folder, { valueEncoding: "buffer" });
  await database.open({ createIfMissing: false });
  try {
    const range = { gte: "segment/", lt: "segment/:", reverse: true, limit: 1 };
    const [entry] = await database.iterator(range).all();
    if (!entry) throw new Error("there is no segment to lose");
    const [last, bytes] = entry;
    // In step with it, so that the agent has no chance to notice.
    const stored = await database.get(STATE_KEY);
    const state = stored && decodeState(stored);
    if (!state) throw new Error("the buffer has no state");
    state.storedSegments -= 1;
    state.storedBytes -= bytes.length;
    const value = encodeState(state);
    await database.batch(
      [
        { type: "del", key: last },
        { type: "put", key: STATE_KEY, value },
      ],
      { sync: true },
    );
    return last;
  } finally {
    await database.close();
  }
}

async function copyChunk({ rig }: DefectScene): Promise<string> {
  const copyist = new HubCopyist(rig.hubConnection);
  for (let partition = 0; partition < rig.partitions; partition++) {
    const chunks = await copyist.latest(String(partition), 5);
    const chunk = chunks.find(({ kind }) => kind === "readings");
    if (!chunk) continue;
    const { gateway, epoch, lane, seq } = chunk.id;
    // The same readings under another epoch: to the sink this is news.
    const id = { ...chunk.id, epoch: `${epoch}-again` };
    const line = Buffer.from(
      chunk.line.toString().replace(`"epoch":"${epoch}"`, `"epoch":"${id.epoch}"`),
    );
    await copyist.send([{ ...chunk, id, line }], { partitionKey: `${gateway}/${lane}` });
    return `sent chunk ${seq} of lane ${lane} again under another epoch`;
  }
  throw new Error("there is no chunk to copy");
}
