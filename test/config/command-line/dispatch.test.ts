import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { declareCommand, Misuse } from "#config/command-line/command.ts";
import { dispatch } from "#config/command-line/dispatch.ts";
import { PenstockError } from "#core/errors.ts";

const greet = declareCommand({
  name: "greet",
  operands: "NAME",
  operandCount: [1, 2],
  summary: "greets somebody",
  options: {
    times: { type: "string", short: "n", default: "1", value: "N", means: "how often" },
    loud: { type: "boolean", default: false, means: "in capitals" },
  },
  examples: [{ line: "greet Ada --loud", does: "greets loudly" }],
  run: ({ values, operands, io }) => {
    if (values.times === "0") throw new Misuse("--times needs 1 or more");
    if (values.times === "9") throw new PenstockError("BUFFER_FULL", "nine is too much");
    const text = `hello ${operands[0]} `.repeat(Number(values.times));
    io.stdout.write(values.loud ? text.toUpperCase() : text);
    return 0;
  },
});

const list = declareCommand({
  name: "card list",
  summary: "lists cards",
  options: {},
  examples: [],
  run: ({ io }) => {
    io.stdout.write("none");
    return 0;
  },
});

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const code = await dispatch(argv, {
    intro: "Greets.",
    commands: { greet: () => Promise.resolve(greet), "card list": () => Promise.resolve(list) },
    io: {
      stdin: Readable.from([]),
      stdout: { write: (text) => (out += text) },
      stderr: { write: (text) => (err += text) },
      env: {},
      signal: new AbortController().signal,
    },
  });
  return { code, out, err };
}

test("a command gets its operands and its options, with their defaults", async () => {
  expect(await run("greet", "Ada")).toEqual({ code: 0, out: "hello Ada ", err: "" });
  expect((await run("greet", "-n", "2", "Ada", "--loud")).out).toBe("HELLO ADA HELLO ADA ");
});

test("a command may have two words, and its first one lists the group", async () => {
  expect((await run("card", "list")).out).toBe("none");
  expect(await run("card", "--help")).toMatchObject({ code: 0 });
  const { code, err } = await run("card", "burn");
  expect([code, err.includes("card list"), err.includes("greet")]).toEqual([2, true, false]);
});

test("help names operands, options with their defaults, and examples", async () => {
  expect(await run("greet", "--times", "--help")).toEqual({
    code: 0,
    err: "",
    out: `Greets somebody.

Usage: greet NAME [options]

  -n, --times N  how often (default: 1)
  --loud         in capitals
  -h, --help     this text

Examples:
  greet Ada --loud  greets loudly
`,
  });
});

test.each([
  [["greet"], '"greet" needs NAME'],
  [["greet", "a", "b", "c"], '"c" is too many'],
  [["greet", "a", "--lod"], 'There is no option "--lod". Did you mean "--loud"?\n'],
  [["greet", "a", "-x"], 'There is no option "-x".\n'],
  [["greet", "a", "--times"], "--times needs a value: --times N\n"],
  [
    ["greet", "a", "--times", "-1"],
    '--times needs a value; one that begins with "-" is written --times=N\n',
  ],
  [["greet", "a", "--times", "0"], "--times needs 1 or more"],
])("%j is misuse: exit code 2, and where help is, on standard error", async (argv, message) => {
  const { code, out, err } = await run(...argv);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain(message);
  expect(err).toMatch(/\n\nUsage: greet NAME \[options\]\ngreet --help tells more.\n$/);
});

test("a command that does not exist is misuse, and the nearest one is named", async () => {
  const gret = 'There is no command "gret". Did you mean "greet"?\n--help lists them.\n';
  expect(await run("gret")).toEqual({ code: 2, out: "", err: gret });
  const { code, err } = await run("card", "lits");
  expect([code, err]).toEqual([2, expect.stringContaining('Did you mean "card list"?')]);
});

test("without a command all of them are listed on standard error", async () => {
  const { code, err } = await run();
  expect([code, err.includes("greet NAME"), err.includes("card list")]).toEqual([2, true, true]);
});

test("help is also had by its word before the command", async () => {
  expect(await run("help", "greet")).toEqual(await run("greet", "--help"));
  expect(await run("help")).toEqual(await run("--help"));
});

test.each(["--version", "-V", "version"])(
  "%s tells Penstock's version, and Node's",
  async (word) => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    const out = `Penstock ${version}, Node.js ${process.version}\n`;
    expect(await run(word)).toEqual({ code: 0, out, err: "" });
  },
);

test("an operating error is exit code 1, with its code", async () => {
  expect(await run("greet", "a", "-n", "9")).toEqual({
    code: 1,
    out: "",
    err: "BUFFER_FULL: nine is too much\n",
  });
});
