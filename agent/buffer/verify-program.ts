/**
 * `verify-program.ts DATABASE`: reads a whole database, and answers whether it is as a sound one
 * must be. A process of its own, because a damaged table can abort the one that reads it.
 */
import { ClassicLevel } from "classic-level";
import { decodeState } from "./buffer-state.ts";
import { STATE_KEY } from "./keys.ts";
import { isSeenRecord } from "./seen-record.ts";
import { decodeSegment } from "./segment-codec.ts";

export interface Verdict {
  sound: boolean;
  reason: string;
}

/** What is wrong; undefined for nothing. */
async function faultOf(folder: string): Promise<string | undefined> {
  const database = new ClassicLevel<string, Buffer>(folder, { valueEncoding: "buffer" });
  await database.open({ createIfMissing: false });
  let segments = 0;
  let bytes = 0;
  // Everything is read, not only what is needed: the agent, or a compaction, will come upon it too.
  for await (const [key, value] of database.iterator({ fillCache: false })) {
    if (key === STATE_KEY) continue;
    if (key.startsWith("seen/")) {
      if (!isSeenRecord(value)) return `${key} holds no fingerprints`;
      continue;
    }
    if (!decodeSegment(0, value)) return `the checksum of ${key} does not hold`;
    segments += 1;
    bytes += value.length;
  }
  const stored = await database.get(STATE_KEY);
  await database.close();
  if (stored === undefined) return segments === 0 ? undefined : "the state is missing";
  const state = decodeState(stored);
  if (!state) return "the checksum of the state does not hold";
  if (state.storedSegments !== segments || state.storedBytes !== bytes) {
    return `${state.storedSegments} segments were stored, ${segments} are left`;
  }
  return undefined;
}

const fault = await faultOf(process.argv[2] ?? "");
const verdict: Verdict = { sound: fault === undefined, reason: fault ?? "" };
process.stdout.write(`${JSON.stringify(verdict)}\n`);
