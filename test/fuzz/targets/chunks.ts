/** Chunks as a sink receives them from a hub. */
import { gzipSync } from "node:zlib";
import { readBody } from "#cloud/ingest/read-event.ts";
import type { Chunk } from "#core/chunk.ts";
import { encodeChunk, packEvent } from "#core/chunk-codec.ts";
import { decodeChunk } from "#core/chunk-decode.ts";
import { PenstockError } from "#core/errors.ts";
import { bytes, type FuzzTarget, holds } from "../target.ts";

const ID = { gateway: "g", epoch: "e1", lane: 2, seq: 3 };

const LINES: readonly Buffer[] = [
  Buffer.from(
    '{"v":1,"kind":"readings","gateway":"hall-3","epoch":"k3f","lane":5,"seq":17,"blocks":[{"device":"oven-2","tags":["temperature","running"],"t":1763718000000,"dt":[1000],"values":[[71.2,71.4],[true,null]],"quality":[[1,1,"bad","timeout"]]}]}',
  ),
  encodeChunk({ id: ID, content: { kind: "meta", series: [] } }),
  encodeChunk({
    id: ID,
    content: { kind: "gap", gaps: [{ fromSeq: 1, toSeq: 2, readings: 5, reason: "full" }] },
  }),
];

export const lines: FuzzTarget = {
  name: "chunk-lines",
  describe: "single chunks, JSON on one line",
  seeds: LINES,
  dictionary: bytes('"ts":[', "1e999", "null", "[[", '"__proto__"', "-1", "9007199254740993"),
  feed(input) {
    let chunk: Chunk;
    try {
      chunk = decodeChunk(Buffer.from(input));
    } catch (error) {
      if (error instanceof PenstockError) return;
      throw error;
    }
    const again = encodeChunk(chunk);
    holds(encodeChunk(decodeChunk(again)).equals(again), "what is read is written the same again");
  },
};

export const events: FuzzTarget = {
  name: "chunk-events",
  describe: "event bodies: gzip, lines, chunks",
  seeds: [packEvent(LINES), packEvent(LINES.slice(0, 1)), gzipSync(Buffer.alloc(1_000_000))],
  feed(input) {
    const { kind } = readBody(input);
    holds(kind === "chunks" || kind === "poison", "a body is chunks, or poison");
  },
};
