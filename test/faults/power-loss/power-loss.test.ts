// oxlint-disable vitest/no-standalone-expect -- peerTest() is a test.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createRandom } from "#core/random.ts";
import { type Peer, peerTest } from "#test/support/peer.ts";
import { bufferSubject } from "./buffer-subject.ts";
import { DiskModel } from "./disk-model.ts";
import { hubSubject } from "./hub-subject.ts";
import { powerCuts, type Subject, traceAgainstReality } from "./rounds.ts";
import type { TraceEvent } from "./trace.ts";

const gcc: Peer = {
  probe: ["sh", "-c", "echo '#include <stdio.h>' | gcc -E -"],
  debianPackage: "gcc libc6-dev",
};

const CUTS = 8;
const subjects: readonly [name: string, subject: Subject][] = [
  ["hub's log", hubSubject],
  ["agent's buffer", bufferSubject],
];

describe.each(subjects)("power cuts under the %s", (_name, subject) => {
  peerTest("break no promise", [gcc], async () => {
    const report = await powerCuts(subject, { cuts: CUTS, seed: 5 });
    expect(report.broken).toEqual([]);
    expect(report.notes).toBeGreaterThan(100);
  });

  peerTest("are judged from a trace that misses nothing", [gcc], async () => {
    const { traced, root, remove } = await traceAgainstReality(subject.writer);
    const entries = readdirSync(root, { recursive: true, withFileTypes: true });
    const stored = entries.filter((entry) => entry.isFile());
    const real = new Map(
      stored.map(({ parentPath, name }) => {
        const path = join(parentPath, name);
        return [path.slice(root.length + 1), readFileSync(path)] as const;
      }),
    );
    remove();
    expect([...traced.files.keys()].toSorted()).toEqual([...real.keys()].toSorted());
    const differing = [...real].filter(([path, bytes]) => !traced.files.get(path)?.equals(bytes));
    expect(differing.map(([path]) => path)).toEqual([]);
  });

  peerTest("are noticed where the disk does not sync files, or folders", [gcc], async () => {
    for (const lies of [{ files: true }, { folders: true }]) {
      const report = await powerCuts(subject, { cuts: 4, seed: 5, lies });
      expect(report.broken.length).toBeGreaterThan(0);
    }
  });
});

function files(events: readonly TraceEvent[], leniency: "nothing" | "everything"): object {
  const model = new DiskModel({ files: new Map(), folders: new Set() }, {});
  for (const event of events) model.apply(event);
  const state = model.cut(leniency, createRandom(1));
  return Object.fromEntries([...state.files].map(([path, bytes]) => [path, String(bytes)]));
}

describe("a disk after a power cut", () => {
  const written: TraceEvent[] = [
    { kind: "create", inode: 1n, path: "a" },
    { kind: "write", inode: 1n, at: 0, bytes: Buffer.from("first") },
    { kind: "sync", inode: 1n },
  ];
  const entered: TraceEvent[] = [...written, { kind: "sync-folder", path: "" }];

  test("has no file whose folder was not synced, however well the file was", () => {
    expect(files(written, "nothing")).toEqual({});
    expect(files(written, "everything")).toEqual({ a: "first" });
    expect(files(entered, "nothing")).toEqual({ a: "first" });
  });

  test("has what the file held at its last sync", () => {
    const events: TraceEvent[] = [
      ...entered,
      { kind: "truncate", inode: 1n, size: 2 },
      { kind: "write", inode: 1n, at: 2, bytes: Buffer.from("nal") },
    ];
    expect(files(events, "nothing")).toEqual({ a: "first" });
    expect(files(events, "everything")).toEqual({ a: "final" });
  });

  test("keeps the old name until the folder is synced", () => {
    const renamed: TraceEvent[] = [...entered, { kind: "rename", from: "a", to: "b" }];
    expect(files(renamed, "nothing")).toEqual({ a: "first" });
    expect(files([...renamed, { kind: "sync-folder", path: "" }], "nothing")).toEqual({
      b: "first",
    });
  });

  test("does not mix up a file with a later one of the same inode", () => {
    const events: TraceEvent[] = [
      ...entered,
      { kind: "unlink", path: "a" },
      { kind: "create", inode: 1n, path: "b" },
      { kind: "write", inode: 1n, at: 0, bytes: Buffer.from("second") },
    ];
    expect(files(events, "nothing")).toEqual({ a: "first" });
    expect(files(events, "everything")).toEqual({ b: "second" });
  });
});
