/**
 * `npm run power-loss -- hub --cuts 100` or `-- buffer --cuts 200`: power cuts at random moments, and
 * whether each promise made before held. `--lies files` or `--lies folders` is the control: a disk
 * that does not do such syncs, so that something must be lost. Exit 0 when nothing was broken.
 */
import { parseArgs } from "node:util";
import { bufferSubject } from "./buffer-subject.ts";
import { hubSubject } from "./hub-subject.ts";
import { powerCuts } from "./rounds.ts";

const subjects = new Map([
  ["hub", hubSubject],
  ["buffer", bufferSubject],
]);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cuts: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    lies: { type: "string", default: "none" },
  },
});
const subject = subjects.get(positionals[0] ?? "");
if (subject) {
  const report = await powerCuts(subject, {
    cuts: Number(values.cuts),
    seed: Number(values.seed),
    lies: { files: values.lies === "files", folders: values.lies === "folders" },
  });
  process.stdout.write(`${JSON.stringify(report)}\n`);
  process.exitCode = report.broken.length === 0 ? 0 : 1;
} else {
  process.stderr.write(
    "npm run power-loss -- hub|buffer [--cuts N] [--seed N] [--lies files|folders]\n",
  );
  process.exitCode = 2;
}
