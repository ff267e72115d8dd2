import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { isAlive, SERVING, specOf } from "./stand-in.ts";

test("no program outlives a demo that was killed with -9", async () => {
  const folder = await tempFolder();
  const spec = specOf(SERVING, folder);
  const note = join(folder, "pid");
  const demo = join(folder, "demo.mjs");
  const life = import.meta.resolve("#sim/programs/program-life.ts");
  writeFileSync(
    demo,
    `import { writeFileSync } from "node:fs";
     import { ProgramLife } from ${JSON.stringify(life)};
     const life = new ProgramLife(${JSON.stringify(spec)});
     await life.firstLine;
     writeFileSync(${JSON.stringify(note)}, String(life.pid));
     console.log("ready");
     setInterval(() => {}, 1000);`,
  );
  const parent = spawn(process.execPath, [demo], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => parent.stdout.once("data", resolve));
  const pid = Number(readFileSync(note, "utf8"));
  expect(isAlive(pid)).toBe(true);
  parent.kill("SIGKILL");
  await until(() => !isAlive(pid));
});
