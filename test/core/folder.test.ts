import { statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeFolder } from "#core/folder.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

describe("makeFolder", () => {
  test("makes what is missing, the topmost first, and nothing twice", async () => {
    const root = await tempFolder();
    const folder = join(root, "a", "b", "c");
    const made = [join(root, "a"), join(root, "a", "b"), folder];
    expect(makeFolder(folder, 0o700)).toEqual(made);
    expect(made.map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700, 0o700]);
    expect(makeFolder(folder)).toEqual([]);
    expect(makeFolder(join(folder, "..", "d"))).toEqual([join(root, "a", "b", "d")]);
  });

  test("refuses what is a file, lies under one, or points nowhere", async () => {
    const root = await tempFolder();
    const file = join(root, "file");
    writeFileSync(file, "");
    symlinkSync(join(root, "nowhere"), join(root, "link"));
    expect(() => makeFolder(file)).toThrow(/EEXIST/);
    expect(() => makeFolder(join(file, "below"))).toThrow(/ENOTDIR/);
    expect(() => makeFolder(join(root, "link"))).toThrow(/ENOENT/);
    expect(() => makeFolder(join(root, "link", "below"))).toThrow(/ENOENT/);
  });

  // Node's own recursive mkdir never returns from this.
  test.runIf(process.platform === "linux")("ends where a file system takes no folders", () => {
    expect(() => makeFolder("/proc/none/below")).toThrow(/ENOENT/);
  });
});
