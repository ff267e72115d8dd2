import { spawn } from "node:child_process";
import { once } from "node:events";
import { readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";
import { parseFaultRequest, parseModbusArguments } from "#sim/commands/modbus-arguments.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

function unitsOf(...args: string[]): unknown {
  const parsed = parseModbusArguments(args);
  return parsed.kind === "run" ? parsed.request.units : parsed;
}

describe("sim modbus", () => {
  test("gives unit ids to the template before them, and else the next free one", () => {
    expect(unitsOf("--template", "a", "--unit", "1,4-5", "--template", "b")).toEqual([
      { unitId: 1, template: "a" },
      { unitId: 4, template: "a" },
      { unitId: 5, template: "a" },
      { unitId: 2, template: "b" },
    ]);
  });

  test.each([
    [[], "which device? Give --template NAME"],
    [["--template", "a", "--unit", "0"], "--unit 0: expected ids from 1 to 247, such as 1,4-6"],
    [["--template", "a", "--unit", "1", "--template", "b", "--unit", "1"], "unit 1 is given twice"],
    [["--template", "a", "--unit", "1", "--unit", "2"], "more --unit than --template"],
    [["--template", "a", "--line", "--port", "502"], "give either --port or a line"],
    [["--template", "a", "--line-fault", "echo"], "--line-fault needs --line"],
    [
      ["--template", "a", "--fault", "1=tired"],
      "1=tired: expected UNIT=KIND or UNIT=KIND:NUMBER; see --help",
    ],
  ])("refuses %j", (args, message) => {
    expect(parseModbusArguments(args)).toEqual({ kind: "misuse", message });
  });

  test("takes faults as they are typed", () => {
    expect(parseFaultRequest("3=exception:6")).toEqual({
      of: "unit",
      unitId: 3,
      fault: { kind: "exception", code: 6 },
    });
    expect(parseFaultRequest(" 3=ok ")).toEqual({ of: "unit", unitId: 3, fault: undefined });
    expect(parseFaultRequest("line=noise")).toEqual({ of: "line", fault: "noise" });
    expect(parseFaultRequest("line=dead")).toBeUndefined();
    expect(parseFaultRequest("300=dead")).toBeUndefined();
  });

  test("serves a line whose link follows the port, and takes faults while it runs", async () => {
    const folder = await tempFolder();
    const link = join(folder, "rs485");
    const args = ["firmware-sim/main.ts", "modbus", "--template", "eastron-sdm630"];
    const child = spawn(process.execPath, [...args, "--link", link, "--json"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<unknown> => JSON.parse((await lines.next()).value ?? "null");
    expect(await next()).toMatchObject({ serialPath: link, units: [{ unit: 1 }] });
    expect(await readlink(link)).toMatch(/^\/dev\/pts\/\d+$/);
    child.stdin.write("line=unplugged\n");
    expect(await next()).toEqual({ fault: "line=unplugged" });
    await expect(readlink(link)).rejects.toThrow("ENOENT");
    child.stdin.write("line=ok\n");
    expect(await next()).toEqual({ fault: "line=ok", serialPath: link });
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    await expect(readlink(link)).rejects.toThrow("ENOENT");
  });

  test("never puts its link in the place of a file", async () => {
    const folder = await tempFolder();
    const link = join(folder, "notes.txt");
    await writeFile(link, "mine");
    const args = ["firmware-sim/main.ts", "modbus", "--template", "janitza-b23", "--link", link];
    const child = spawn(process.execPath, args, { stdio: ["pipe", "ignore", "pipe"] });
    const [complaint]: unknown[] = await once(child.stderr, "data");
    expect(String(complaint)).toContain("EEXIST");
    expect(await once(child, "exit")).toEqual([1, null]);
  });
});
