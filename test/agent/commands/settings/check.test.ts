import { join } from "node:path";
import { expect, test } from "vitest";
import { checkCommand } from "#agent/commands/settings/check.ts";
import { type CommandOutcome, runCommand } from "#test/support/run-command.ts";

const cases = join(import.meta.dirname, "../../../config/cases");
const faulty = join(cases, "key-unknown/input.yaml");
const good = join(import.meta.dirname, "good.yaml");

const run = (...args: string[]): Promise<CommandOutcome> => runCommand(checkCommand, args);

test("a good file is praised in one line, with exit code 0", async () => {
  expect(await run(good)).toEqual({
    code: 0,
    out: `${good}: good (gateway hall-3: 1 bus, 1 device, 2 tags, 1 topic rule)\n`,
    err: "",
  });
  expect(JSON.parse((await run(good, "--json")).out)).toEqual({
    file: good,
    good: true,
    faults: [],
  });
});

test("a faulty file is told by file, line and column, with exit code 78", async () => {
  const { code, out, err } = await run(faulty);
  expect(code).toBe(78);
  expect(out).toContain(`${faulty}:5:11: unknown key "maxByte"\n`);
  expect(out).toContain('→ did you mean "maxBytes"?\n\n1 fault\n');
  expect(err).toBe("");
});

test("--json gives one document with the same faults", async () => {
  const { code, out } = await run("--json", faulty);
  expect(code).toBe(78);
  expect(JSON.parse(out)).toMatchObject({
    file: faulty,
    good: false,
    code: "CONFIG_INVALID",
    faults: [{ line: 5, column: 11, suggestion: 'did you mean "maxBytes"?' }],
  });
});

test("a file that is not there is faulty, not misuse", async () => {
  const { code, out } = await run(join(cases, "absent.yaml"));
  expect(code).toBe(78);
  expect(out).toContain("absent.yaml: there is no such file");
});

test.each([[[]], [["a.yaml", "b.yaml"]], [["--jsn", "a.yaml"]]])(
  "%j is misuse: exit code 2, and help on standard error",
  async (args) => {
    const { code, out, err } = await run(...args);
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err).toContain("check [FILE]");
  },
);

test("--help explains the command", async () => {
  const { code, out } = await run("--help");
  expect(code).toBe(0);
  expect(out).toContain("Exit code: 0 good, 2 wrong use of the command, 78 faults in the file.");
});
