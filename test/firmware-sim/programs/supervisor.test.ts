import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";
import { isAlive, SERVING, specOf, supervise } from "./stand-in.ts";

const pidIn = (line: string): number => Number(JSON.parse(line).pid);

describe("a program that runs", () => {
  test("is ready with its first line, and gets its arguments", async () => {
    const { supervisor, notices } = supervise(specOf(SERVING, await tempFolder()));
    const line = await supervisor.start();
    expect(JSON.parse(line)).toEqual({ pid: supervisor.pid, args: ["--port", "7"] });
    expect(supervisor.isReady).toBe(true);
    expect(notices).toEqual([]);
  });

  test("ends when it is asked to, and stays ended", async () => {
    const { supervisor, notices } = supervise(specOf(SERVING, await tempFolder()));
    const pid = pidIn(await supervisor.start());
    await supervisor.stop(5000);
    expect(isAlive(pid)).toBe(false);
    expect(supervisor).toMatchObject({ isReady: false, pid: undefined, kills: 0, crashes: 0 });
    expect(notices).toEqual([]);
  });

  test("is started anew on demand, which is neither a kill nor a crash", async () => {
    const { supervisor } = supervise(specOf(SERVING, await tempFolder()));
    const pid = pidIn(await supervisor.start());
    await supervisor.restart(5000);
    expect(isAlive(pid)).toBe(false);
    expect(supervisor).toMatchObject({ isReady: true, kills: 0, crashes: 0 });
    expect(supervisor.pid).not.toBe(pid);
  });

  test("that will not end is killed after its grace, and that is said", async () => {
    const stubborn = `process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); ${SERVING}`;
    const { supervisor, notices } = supervise(specOf(stubborn, await tempFolder()));
    const pid = pidIn(await supervisor.start());
    await supervisor.stop(50);
    expect(isAlive(pid)).toBe(false);
    expect(notices.join()).toContain("did not end within 50 ms");
  });

  test("may write more lines than a pipe holds", async () => {
    const folder = await tempFolder();
    const chatty = `
      import { writeFileSync } from "node:fs";
      console.log("ready");
      for (let i = 0; i < 20000; i++) console.log("line " + i + " and so on");
      writeFileSync(${JSON.stringify(join(folder, "done"))}, "");
      setInterval(() => {}, 1000);
    `;
    const { supervisor } = supervise(specOf(chatty, folder));
    expect(await supervisor.start()).toBe("ready");
    await until(() => existsSync(join(folder, "done")));
  });
});

describe("a program that is killed", () => {
  test("is started again with the same arguments", async () => {
    const { supervisor, notices } = supervise(specOf(SERVING, await tempFolder()));
    const first = pidIn(await supervisor.start());
    await supervisor.kill();
    expect(isAlive(first)).toBe(false);
    await until(() => supervisor.isReady);
    expect(supervisor.pid).not.toBe(first);
    expect(supervisor).toMatchObject({ kills: 1, crashes: 0 });
    expect(notices).toEqual(["stand-in is back"]);
  });

  test("takes its own children with it", async () => {
    const folder = await tempFolder();
    const note = join(folder, "grandchild");
    const parent = `
      import { spawn } from "node:child_process";
      import { writeFileSync } from "node:fs";
      const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
      writeFileSync(${JSON.stringify(note)}, String(child.pid));
      console.log("ready");
    `;
    const { supervisor } = supervise(specOf(parent, folder));
    await supervisor.start();
    const grandchild = Number(readFileSync(note, "utf8"));
    expect(isAlive(grandchild)).toBe(true);
    await supervisor.kill();
    await until(() => !isAlive(grandchild));
  });
});

describe("a program that ends by itself", () => {
  test("is started again, and the end of its log is shown", async () => {
    const folder = await tempFolder();
    const once = `
      import { existsSync, writeFileSync } from "node:fs";
      const mark = ${JSON.stringify(join(folder, "crashed"))};
      console.log("ready");
      if (!existsSync(mark)) {
        writeFileSync(mark, "");
        console.error("out of cheese");
        process.exitCode = 3;
      } else setInterval(() => {}, 1000);
    `;
    const { supervisor, notices } = supervise(specOf(once, folder));
    await supervisor.start();
    await until(() => notices.includes("stand-in is back"));
    expect(supervisor).toMatchObject({ crashes: 1, kills: 0, isReady: true });
    expect(notices[0]).toContain("exit code 3");
    expect(notices[0]).toContain("out of cheese");
  });

  test("with a bad configuration is given up at once", async () => {
    const { supervisor, notices } = supervise(
      specOf(`console.error("gateway.yaml:3:1: no"); process.exit(78);`, await tempFolder()),
    );
    await expect(supervisor.start()).rejects.toMatchObject({ code: "PROGRAM_FAILED" });
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain("gateway.yaml:3:1: no");
  });

  test("before it is ready, again and again, is given up", async () => {
    const folder = await tempFolder();
    const tally = join(folder, "tally");
    writeFileSync(tally, "");
    const failing = `
      import { appendFileSync } from "node:fs";
      appendFileSync(${JSON.stringify(tally)}, "x");
      process.exit(1);
    `;
    const { supervisor } = supervise(specOf(failing, folder));
    await expect(supervisor.start()).rejects.toThrow("stand-in cannot be started");
    expect(readFileSync(tally, "utf8")).toBe("xxxxx");
    await expect(supervisor.failed).rejects.toThrow("stand-in cannot be started");
  });
});
