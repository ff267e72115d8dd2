import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { tempFolder } from "#test/support/temp-folder.ts";

const MAIN = fileURLToPath(new URL("../../../cloud/main.ts", import.meta.url));
const TIMEOUT_MS = 60_000;
// Nobody listens there: the sink must do without its hub.
const CONNECTION =
  "Endpoint=sb://127.0.0.1:9;SharedAccessKeyName=k;SharedAccessKey=cw==;UseDevelopmentEmulator=true;EntityPath=telemetry";

function writeConfig(folder: string): string {
  const file = join(folder, "sink.yaml");
  writeFileSync(
    file,
    `version: 1
source: { connectionString: "${CONNECTION}", hub: telemetry }
store: { sqlite: ${JSON.stringify(join(folder, "data"))} }
http: { listen: "127.0.0.1:0" }
`,
  );
  return file;
}

function run(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const out = { stdout: "", stderr: "" };
  child.stdout.on("data", (part: Buffer) => (out.stdout += part.toString("utf8")));
  child.stderr.on("data", (part: Buffer) => (out.stderr += part.toString("utf8")));
  return { child, out, exited: once(child, "close") };
}

async function outcome(...args: string[]) {
  const { child, out, exited } = run(...args);
  await exited;
  return { code: child.exitCode, ...out };
}

describe("the sink's command", () => {
  test("explains itself, and tells misuse from a bad configuration", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const folder = await tempFolder();
    const bad = join(folder, "bad.yaml");
    writeFileSync(bad, "version: 1\nsource: { hub: telemetry }\n");
    const [help, nothing, unknown, option, config] = await Promise.all([
      outcome("--help"),
      outcome(),
      outcome("toString"),
      outcome("sink", "--nonsense"),
      outcome("sink", "--config", bad),
    ]);
    expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining("keeps rollups") });
    expect(nothing).toMatchObject({ code: 2, stdout: "" });
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("toString") });
    expect(option).toMatchObject({ code: 2 });
    expect(config).toMatchObject({ code: 78, stderr: expect.stringContaining(`${bad}:2:`) });
  });

  test("says where it listens, answers without its hub, refuses a second one, ends on SIGTERM", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const file = writeConfig(await tempFolder());
    const { child, out, exited } = run("sink", "--config", file, "--json");
    await once(child.stdout, "data");
    const { listening }: { listening: string } = JSON.parse(out.stdout);
    const health = await fetch(`${listening}/healthz`);
    expect(await health.json()).toEqual({ status: "ok", connected: false, problems: [] });
    const second = await outcome("sink", "--config", file);
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining("STORE_LOCKED") });
    child.kill("SIGTERM");
    await exited;
    expect(child.exitCode).toBe(0);
  });
});
