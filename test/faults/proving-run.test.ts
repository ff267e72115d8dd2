import { randomInt } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "#core/clock.ts";
import { createRandom } from "#core/random.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { parseCommandLine } from "./command-line.ts";
import { type Outcome, outcomeJson } from "./outcome.ts";
import { pickRigPorts } from "./ports.ts";
import { ProvingRun } from "./proving-run.ts";

async function outcomeOf(args: readonly string[]): Promise<Outcome> {
  const parsed = parseCommandLine(args);
  if (parsed.kind !== "run") throw new Error(JSON.stringify(parsed));
  const run = new ProvingRun(parsed.options, {
    clock: systemClock,
    folder: await tempFolder(),
    ports: await pickRigPorts(createRandom(randomInt(2 ** 32))),
    database: undefined,
    notice: () => {},
    command: args.join(" "),
  });
  onTestFinished(() => run.stop());
  return await run.run(new AbortController().signal);
}

test("a lost segment and a copied chunk are found, whatever else goes wrong", {
  timeout: 60_000,
}, async () => {
  const storm = ["--minutes", "0.05", "--only", "cut-uplink,kill-sink", "--spacing", "700"];
  const outcome = await outcomeOf([...storm, "--sensors", "200", "--plant", "lost,copied"]);
  expect(outcome.ledger.lost).toBeGreaterThan(0);
  expect(outcome.ledger.duplicated).toBeGreaterThan(0);
  expect(JSON.parse(outcomeJson(outcome))).toMatchObject({
    verdict: "failed",
    repeat:
      "--minutes 0.05 --only cut-uplink,kill-sink --spacing 700 --sensors 200 --plant lost,copied",
  });
});
