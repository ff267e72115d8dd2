import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { expect, test } from "vitest";

const module = path.resolve("config/command-line/end-signal.ts");

/** Writes a line every millisecond until it is to end, and then ends by itself. */
const CHATTY = `
const { endSignal } = await import(${JSON.stringify(module)});
const signal = endSignal();
while (!signal.aborted) {
  process.stdout.write("line\\n");
  await new Promise((resolve) => setTimeout(resolve, 1));
}
process.exitCode = 7;
`;

function start(): ReturnType<typeof spawn> {
  return spawn(process.execPath, ["--input-type=module", "-e", CHATTY]);
}

async function endOf(child: ReturnType<typeof spawn>): Promise<{ code: unknown; said: string }> {
  let said = "";
  child.stderr?.on("data", (text) => (said += String(text)));
  const [code] = await once(child, "close");
  return { code, said };
}

test("a program whose reader has left ends as it does otherwise, and says nothing", async () => {
  const child = start();
  child.stdout?.once("data", () => child.stdout?.destroy());
  expect(await endOf(child)).toEqual({ code: 7, said: "" });
});

test.each(["SIGTERM", "SIGINT"] as const)("%s ends it as well", async (signal) => {
  const child = start();
  child.stdout?.once("data", () => child.kill(signal));
  expect(await endOf(child)).toEqual({ code: 7, said: "" });
});
