import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { isConfirmed } from "#agent/commands/confirm.ts";

function terminal(): {
  stdin: PassThrough & { isTTY: true };
  ending: AbortController;
  asked: string[];
} {
  const stdin = Object.assign(new PassThrough(), { isTTY: true as const });
  return { stdin, ending: new AbortController(), asked: [] };
}

async function ask(answer: (at: ReturnType<typeof terminal>) => void): Promise<boolean> {
  const at = terminal();
  const stderr = { write: (text: string) => at.asked.push(text) };
  const { stdin, ending } = at;
  const io = { stdin, stdout: stderr, stderr, env: {}, signal: ending.signal };
  const confirmed = isConfirmed("Drop it?", io);
  answer(at);
  return await confirmed;
}

test("only yes is a yes", async () => {
  expect(await ask(({ stdin }) => stdin.write("YES\n"))).toBe(true);
  expect(await ask(({ stdin }) => stdin.write("y\n"))).toBe(false);
  expect(await ask(({ stdin }) => stdin.write("\n"))).toBe(false);
});

test("Ctrl-C and Ctrl-D are a no, and end the waiting", async () => {
  expect(await ask(({ ending }) => ending.abort())).toBe(false);
  expect(await ask(({ stdin }) => stdin.end())).toBe(false);
});
