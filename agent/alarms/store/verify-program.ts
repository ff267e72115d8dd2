/**
 * `verify-program.ts DATABASE`: reads a whole database of alarms, and answers whether it is sound. A
 * process of its own, because a damaged table can abort the one that reads it.
 */
import { ClassicLevel } from "classic-level";
import { decodeRecord } from "./record.ts";

export interface Verdict {
  /** What is wrong; empty for nothing. */
  fault: string;
}

async function faultOf(folder: string): Promise<string> {
  const database = new ClassicLevel(folder);
  await database.open({ createIfMissing: false });
  try {
    for await (const [key, text] of database.iterator({ fillCache: false })) {
      if (!decodeRecord(text)) return `the checksum of ${key} does not hold`;
    }
    return "";
  } finally {
    await database.close();
  }
}

const verdict: Verdict = { fault: await faultOf(process.argv[2] ?? "") };
process.stdout.write(`${JSON.stringify(verdict)}\n`);
