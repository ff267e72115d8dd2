/** Debian's Alertmanager, as a peer of tests. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { freePort } from "#test/support/free-port.ts";
import type { Peer } from "#test/support/peer.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";

export const example = join(import.meta.dirname, "../../../config/examples/alertmanager.yml");

export const alertmanager: Peer = {
  probe: ["which", "prometheus-alertmanager"],
  debianPackage: "prometheus-alertmanager",
};

/** With our example as its configuration; all that is sent goes to `receiver`. */
export async function startAlertmanager(receiver: string): Promise<string> {
  const folder = await tempFolder();
  const config = join(folder, "alertmanager.yml");
  const text = readFileSync(example, "utf8")
    .replaceAll("http://127.0.0.1:9094", receiver)
    // A person can wait for ten seconds, a test need not.
    .replaceAll(/(group_wait|group_interval): \S+/g, "$1: 100ms");
  writeFileSync(config, text);
  const port = await freePort();
  const child = spawn(
    "prometheus-alertmanager",
    [
      `--config.file=${config}`,
      `--storage.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
    ],
    { stdio: "ignore" },
  );
  onTestFinished(async () => {
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  });
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok ?? false);
  return url;
}

interface ShownAlert {
  labels: Record<string, string>;
  status: { state: string; silencedBy: string[]; inhibitedBy: string[] };
}

export async function alertsOf(url: string): Promise<Map<string, ShownAlert>> {
  const response = await fetch(`${url}/api/v2/alerts`);
  const alerts: ShownAlert[] = JSON.parse(await response.text());
  return new Map(alerts.map((alert) => [alert.labels["tag"] ?? "", alert]));
}
