import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test, vi } from "vitest";

// Commands start programs, or wait for wires, on machines that other work may keep busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const main = join(import.meta.dirname, "../../../agent/main.ts");

/** What bash would offer behind these words. */
function offered(script: string, words: readonly string[]): string[] {
  const asked = `${script}
COMP_WORDS=(${words.map((word) => `"${word}"`).join(" ")}); COMP_CWORD=${words.length - 1}
_penstock; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["--norc", "-c", asked], { encoding: "utf8" }).trim().split("\n");
}

test("bash completes commands, their second words and their options", () => {
  const script = execFileSync(process.execPath, [main, "completion", "bash"], { encoding: "utf8" });
  expect(offered(script, ["penstock", "st"])).toEqual(["status"]);
  expect(offered(script, ["penstock", "config", ""]).toSorted()).toEqual(["diff", "show"]);
  expect(offered(script, ["penstock", "config", "show", "--eff"])).toEqual(["--effective"]);
  expect(offered(script, ["penstock", "scan", "--ba"])).toEqual(["--baud"]);
});
