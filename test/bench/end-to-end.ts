/**
 * The whole system on one machine, by `npm start` itself: one row a shape (sensors at a rate). A
 * run that lost or doubled anything gives no row but an error.
 */
import { spawn } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { z } from "zod";

export const name = "end-to-end";
export const describe =
  "everything on one machine: --shapes 10000x1,10000x5 --seconds 30 [--chaos]";

const perProgram = z.object({
  hub: z.number(),
  sink: z.number(),
  agent: z.number(),
  simulator: z.number(),
});

const outcome = z.object({
  sensors: z.number(),
  seconds: z.number(),
  produced: z.number(),
  rolledUp: z.number(),
  lost: z.number(),
  duplicated: z.number(),
  alarms: z.number(),
  latencyMs: z.object({ p50: z.number(), p99: z.number(), max: z.number() }),
  cpu: perProgram,
  otherCpu: z.number(),
  rssMb: perProgram,
  kills: z.number(),
});

const result = z.object({
  machine: z.string(),
  rows: z.array(outcome.extend({ rateHz: z.number() })),
});

type Result = z.infer<typeof result>;

export async function run(args: readonly string[]): Promise<Result> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      shapes: { type: "string", default: "10000x1,10000x5,10000x10" },
      seconds: { type: "string", default: "30" },
      chaos: { type: "boolean", default: false },
    },
  });
  const rows: Result["rows"] = [];
  for (const shape of values.shapes.split(",")) {
    const [sensors = "", rate = ""] = shape.split("x");
    const chaos = values.chaos ? ["--chaos"] : [];
    const options = ["--sensors", sensors, "--rate", rate, "--seconds", values.seconds, ...chaos];
    rows.push({ ...outcome.parse(await runDemo(options)), rateHz: Number(rate) });
  }
  return { machine: machine(), rows };
}

/** As a table in Markdown, for docs/performance.md. */
export function render(measured: unknown): string {
  const { machine: shape, rows } = result.parse(measured);
  const head = [
    "sensors × Hz",
    "readings/s",
    "agent",
    "sink",
    "hub",
    "simulator",
    "all four",
    "others",
    "latency p50",
    "p99",
    "max",
    "lost",
    "doubled",
  ];
  const table = [head, head.map(() => "---"), ...rows.map(cellsOf)].map(
    (cells) => `| ${cells.join(" | ")} |`,
  );
  return [shape, "", ...table].join("\n");
}

function cellsOf(row: Result["rows"][number]): string[] {
  const { cpu, rssMb, latencyMs } = row;
  const usage = (program: keyof typeof cpu): string =>
    `${cpu[program].toFixed(2)} cores, ${rssMb[program]} MB`;
  return [
    `${row.sensors} × ${row.rateHz}`,
    String(Math.round(row.produced / row.seconds)),
    usage("agent"),
    usage("sink"),
    usage("hub"),
    usage("simulator"),
    `${(cpu.hub + cpu.sink + cpu.agent + cpu.simulator).toFixed(2)} cores`,
    `${row.otherCpu.toFixed(2)} cores`,
    `${Math.round(latencyMs.p50)} ms`,
    `${Math.round(latencyMs.p99)} ms`,
    `${Math.round(latencyMs.max)} ms`,
    String(row.lost),
    String(row.duplicated),
  ];
}

async function runDemo(options: readonly string[]): Promise<unknown> {
  const script = fileURLToPath(new URL("../../firmware-sim/demo/main.ts", import.meta.url));
  const demo = spawn(process.execPath, [script, ...options, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  demo.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const code = await new Promise<number | null>((resolve) => demo.once("close", resolve));
  if (code !== 0)
    throw new Error(`npm start -- ${options.join(" ")} ended with ${code}: ${output}`);
  return JSON.parse(output);
}

function machine(): string {
  const all = cpus();
  return `${all.length} cores (${all[0]?.model.trim()}), ${Math.round(totalmem() / 1e9)} GB, Node ${process.versions.node}`;
}
