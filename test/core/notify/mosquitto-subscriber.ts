import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { until } from "#test/support/until.ts";

const run = promisify(execFile);

/** mosquitto_sub, until the test ends: `RETAINED TOPIC PAYLOAD` of each message. */
export async function subscriber(port: number): Promise<string[]> {
  const marker = ["-p", String(port), "-r", "-q", "1", "-t", "plant/ready", "-m", "ready"];
  await run("mosquitto_pub", marker);
  const args = ["-p", String(port), "-q", "1", "-t", "plant/#", "-F", "%r %t %p"];
  const client = spawn("mosquitto_sub", args, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void client.kill());
  const messages: string[] = [];
  let isReady = false;
  createInterface({ input: client.stdout }).on("line", (line) => {
    if (line.endsWith(" plant/ready ready")) isReady = true;
    else messages.push(line);
  });
  await until(() => isReady);
  return messages;
}
