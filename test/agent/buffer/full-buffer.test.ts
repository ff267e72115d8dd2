import { describe, expect, test } from "vitest";
import type { SegmentInput, StoredChunk } from "#agent/buffer/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { ChunkContent } from "#core/chunk.ts";
import { decodeChunk } from "#core/chunk-decode.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { blocksOf, drain, message, openBuffer } from "./support.ts";

describe("a full buffer", () => {
  const APPENDS = 60;
  const small = { maxBytes: 6000, maxAgeMs: 86_400_000, minFreeBytes: 0 };

  test("drops the oldest segments and tells the sink which", async () => {
    const buffer = openBuffer(await tempFolder(), {
      limits: { ...small, whenFull: "drop-oldest" },
    });
    await buffer.start();
    for (let i = 0; i < APPENDS; i++) await buffer.append(message("oven", i, { t: i }));
    expect(buffer.status().bytes).toBeLessThan(small.maxBytes * 1.1);
    expect(buffer.status().droppedReadings).toBeGreaterThan(0);
    const chunks = await drain(buffer);
    await buffer.stop();

    const seqs = new Set<number>();
    let dropped = 0;
    for (const chunk of chunks) {
      seqs.add(chunk.seq);
      const { content } = decodeChunk(Buffer.from(chunk.line));
      for (const gap of content.kind === "gap" ? content.gaps : []) {
        dropped += gap.readings;
        expect(gap.reason).toBe("buffer full");
        for (let seq = gap.fromSeq!; seq <= gap.toSeq!; seq++) seqs.add(seq);
      }
    }
    const kept = blocksOf(chunks).reduce((sum, block) => sum + block.ts.length, 0);
    expect(kept + dropped).toBe(APPENDS);
    expect([...seqs].toSorted((a, b) => a - b)).toEqual([...seqs].map((_, i) => i));
  });

  test("refuses news, so that the devices keep them", async () => {
    const buffer = openBuffer(await tempFolder(), { limits: { ...small, whenFull: "refuse" } });
    await buffer.start();
    const fill = async (): Promise<void> => {
      for (let i = 0; i < APPENDS; i++) await buffer.append(message("oven", i, { t: i }));
    };
    await expect(fill()).rejects.toMatchObject({ code: "BUFFER_FULL" });
    expect(buffer.status()).toMatchObject({ state: "full", droppedReadings: 0 });
    await drain(buffer);
    expect(await buffer.append(message("oven", 1, { t: 1 }))).toBe("stored");
    await buffer.stop();
  });

  test("drops news, and counts it, where its owner wants that", async () => {
    const buffer = openBuffer(await tempFolder(), {
      limits: { ...small, whenFull: "drop-newest" },
    });
    await buffer.start();
    const outcomes: string[] = [];
    for (let i = 0; i < APPENDS; i++)
      outcomes.push(await buffer.append(message("oven", i, { t: i })));
    const dropped = outcomes.filter((outcome) => outcome === "dropped").length;
    expect(dropped).toBeGreaterThan(0);
    expect(buffer.status().droppedReadings).toBe(dropped);
    const kept = blocksOf(await drain(buffer)).reduce((sum, block) => sum + block.ts.length, 0);
    expect(kept).toBe(APPENDS - dropped);
    await buffer.stop();
  });

  test("keeps alarms and descriptions of dropped segments, and accounts for every seq", async () => {
    const buffer = openBuffer(await tempFolder(), {
      limits: { ...small, whenFull: "drop-oldest" },
    });
    await buffer.start();
    await buffer.append({ ...message("oven", 0, { t: 0 }), ...alarmed("first") });
    for (let i = 1; i < APPENDS * 3; i++) await buffer.append(message("oven", i, { t: i }));
    const chunks = await drain(buffer);
    await buffer.stop();

    expect(alarmsIn(chunks)).toEqual(["first"]);
    expect(contentsOf(chunks, "meta").flatMap(({ series }) => series)).toEqual([
      { device: "oven", tag: "t", unit: "°C" },
    ]);
    const told = contentsOf(chunks, "gap").map(({ gaps }) => gaps);
    const seqs = new Set(chunks.map((chunk) => chunk.seq));
    for (const gap of told.flat()) {
      for (let seq = gap.fromSeq!; seq <= gap.toSeq!; seq++) seqs.add(seq);
    }
    expect(seqs.size).toBe(Math.max(...seqs) + 1);
    // Told again and again as it was dropped itself, the loss is still a handful of records.
    expect(Math.max(...told.map((gaps) => gaps.length))).toBeLessThan(10);
  });

  test("gives up the oldest alarms, too, where there is nothing else", async () => {
    const buffer = openBuffer(await tempFolder(), {
      limits: { ...small, whenFull: "drop-oldest" },
    });
    await buffer.start();
    for (let i = 0; i < APPENDS; i++) {
      await buffer.append({ ...message("oven", i, { t: i }), ...alarmed(`alarm ${i}`) });
    }
    expect(buffer.status().bytes).toBeLessThan(small.maxBytes * 1.2);
    const alarms = alarmsIn(await drain(buffer));
    await buffer.stop();
    expect(alarms).toContain(`alarm ${APPENDS - 1}`);
    expect(alarms.length).toBeLessThan(APPENDS);
  });

  test("stores the alarms of readings that are dropped as the newest", async () => {
    const buffer = openBuffer(await tempFolder(), {
      limits: { ...small, whenFull: "drop-newest" },
    });
    await buffer.start();
    let i = 0;
    while (buffer.status().state !== "full") await buffer.append(message("oven", i++, { t: i }));
    const late = { ...message("oven", i, { t: i }), ...alarmed("while full") };
    expect(await buffer.append(late)).toBe("dropped");
    expect(alarmsIn(await drain(buffer))).toEqual(["while full"]);
    await buffer.stop();
  });

  test("never drops what is in flight, and drops none of it afterwards", async () => {
    const buffer = openBuffer(await tempFolder(), {
      limits: { ...small, whenFull: "drop-oldest" },
    });
    await buffer.start();
    for (let i = 0; i < 3; i++) await buffer.append(message("oven", i, { t: i }));
    const lane = [0, 1, 2, 3].find((candidate) => {
      const chunks = buffer.take(candidate, "live", 1);
      buffer.giveBack(chunks);
      return chunks.length > 0;
    })!;
    const inFlight = buffer.take(lane, "live", 2 ** 20);
    expect(inFlight).toHaveLength(3);
    for (let i = 3; i < APPENDS; i++) await buffer.append(message("oven", i, { t: i }));
    expect(buffer.status().droppedReadings).toBeGreaterThan(0);
    buffer.confirm(inFlight);
    const gaps = contentsOf(await drain(buffer), "gap").flatMap((content) => content.gaps);
    await buffer.stop();
    expect(Math.min(...gaps.map((gap) => gap.fromSeq!))).toBe(3);
  });

  test("drops no more for many messages that wait for one commit than for one", async () => {
    const maxBytes = 200_000;
    const buffer = openBuffer(await tempFolder(), {
      limits: { ...small, maxBytes, whenFull: "drop-oldest" },
    });
    await buffer.start();
    const values = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`tag${i}`, i]));
    let i = 0;
    while (buffer.status().droppedReadings === 0) await buffer.append(message("oven", i++, values));
    while (buffer.status().bytes < maxBytes) await buffer.append(message("oven", i++, values));
    await Promise.all(
      Array.from({ length: 60 }, async () => buffer.append(message("oven", i++, { t: 1 }))),
    );
    expect(buffer.status().bytes).toBeGreaterThan(maxBytes * 0.9);
    await buffer.stop();
  });

  test("drops what is older than its owner allows, but not when the clock was set", async () => {
    const clock = new ManualClock();
    const buffer = openBuffer(await tempFolder(), {
      limits: { ...small, maxBytes: 2 ** 30, maxAgeMs: 3_600_000, whenFull: "drop-oldest" },
      clock,
    });
    await buffer.start();
    const append = async (value: number): Promise<void> => {
      const stored = buffer.append(message("oven", value, { t: value }));
      await clock.advance(1);
      await stored;
    };
    await append(1);
    clock.stepWall(2 * 3_600_000);
    await clock.advance(10_000);
    expect(buffer.status().droppedReadings).toBe(0);
    await clock.advance(3_600_000);
    await append(2);
    await clock.advance(60_000);
    expect(buffer.status().droppedReadings).toBe(1);
    await buffer.stop();
  });
});

function alarmed(id: string): Pick<SegmentInput, "transitions" | "descriptions"> {
  const transition: AlarmTransition = {
    id,
    device: "oven",
    tag: "t",
    rule: "limit-h",
    state: "active",
    priority: "high",
    ts: 1,
    value: 2,
    expected: 1,
    message: "too hot",
  };
  const isFirst = id === "first";
  return {
    transitions: [transition],
    descriptions: isFirst ? [{ device: "oven", tag: "t", unit: "°C" }] : [],
  };
}

function contentsOf<K extends ChunkContent["kind"]>(
  chunks: readonly StoredChunk[],
  kind: K,
): Extract<ChunkContent, { kind: K }>[] {
  return chunks
    .map((chunk) => decodeChunk(Buffer.from(chunk.line)).content)
    .filter((content): content is Extract<ChunkContent, { kind: K }> => content.kind === kind);
}

function alarmsIn(chunks: readonly StoredChunk[]): string[] {
  return contentsOf(chunks, "alarm").flatMap(({ transitions }) => transitions.map(({ id }) => id));
}
