/**
 * Chunks that lay in the buffer when it was damaged. Those that never reach the sink may be missing
 * in the rollups, provided that the agent told of them: then their readings count 0 or 1 times (a
 * device whose PUBACK was lost may have sent them again). Nothing else may be missing.
 */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { SEGMENTS_END, segmentKey } from "#agent/buffer/keys.ts";
import { decodeSegment } from "#agent/buffer/segment-codec.ts";
import type { Block } from "#core/chunk.ts";
import { decodeChunk } from "#core/chunk-decode.ts";
import type { SentMessage } from "#sim/ledger/contract.ts";
import type { ReadLanes } from "./read-lanes.ts";

interface SuspectChunk {
  epoch: string;
  lane: number;
  seq: number;
  messages: readonly SentMessage[];
}

export interface Losses {
  /** What told chunks held. */
  messages: readonly SentMessage[];
  /** Chunks that neither arrived nor were told of. */
  untold: number;
}

export class SuspectChunks {
  readonly #byIdentity = new Map<string, SuspectChunk>();

  get isEmpty(): boolean {
    return this.#byIdentity.size === 0;
  }

  /** Reads a copy: opening a database changes it. The agent must be down. */
  async collect(databaseFolder: string): Promise<number> {
    const folder = await mkdtemp(join(tmpdir(), "penstock-suspects-"));
    try {
      await cp(databaseFolder, folder, { recursive: true });
      const database = new ClassicLevel<string, Buffer>(folder, { valueEncoding: "buffer" });
      await database.open({ createIfMissing: false });
      const before = this.#byIdentity.size;
      const range = { gte: segmentKey(0), lt: SEGMENTS_END };
      for await (const bytes of database.values(range)) this.#add(bytes);
      await database.close();
      return this.#byIdentity.size - before;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Which of them never came, judged by what the sink has accepted and been told. */
  losses(lanes: ReadLanes): Losses {
    const messages: SentMessage[] = [];
    let untold = 0;
    for (const chunk of this.#byIdentity.values()) {
      const lane = lanes.get(`${chunk.epoch} ${chunk.lane}`);
      if (lane?.accepted.has(chunk.seq)) continue;
      const isTold = lane?.closed.has(chunk.seq) || chunk.seq >= (lane?.openFrom ?? Infinity);
      if (isTold) messages.push(...chunk.messages);
      else untold += 1;
    }
    return { messages, untold };
  }

  #add(bytes: Buffer): void {
    for (const { epoch, lane, seq, line } of decodeSegment(0, bytes)?.chunks ?? []) {
      const { content } = decodeChunk(Buffer.from(line));
      const messages = content.kind === "readings" ? content.blocks.flatMap(messagesOf) : [];
      this.#byIdentity.set(`${epoch} ${lane} ${seq}`, { epoch, lane, seq, messages });
    }
  }
}

/** A row of a block is what a device published at one time. */
function messagesOf({ device, tags, ts, columns }: Block): SentMessage[] {
  return ts.map((time, row) => {
    const present = tags.flatMap((tag, column) => {
      const value = columns[column]?.[row];
      return typeof value === "number" ? [{ tag, value }] : [];
    });
    return {
      device,
      ts: time,
      tags: present.map(({ tag }) => tag),
      values: present.map(({ value }) => value),
    };
  });
}
