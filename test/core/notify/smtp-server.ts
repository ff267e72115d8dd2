/** Debian's aiosmtpd as the mail server of a test. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import type { Peer } from "#test/support/peer.ts";
import { until } from "#test/support/until.ts";

export const aiosmtpd: Peer = {
  probe: ["/usr/bin/python3", "-c", "import aiosmtpd"],
  debianPackage: "python3-aiosmtpd",
};

export interface SmtpSettings {
  tls?: { cert: string; key: string; implicit?: boolean };
  users?: Record<string, string>;
  /** The reply to an address, such as `550 unknown`. */
  refuse?: Record<string, string>;
  /** The reply to each mail. */
  reply?: string;
}

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly data: string;
  readonly tls: boolean;
  readonly user: string | null;
}

export interface SmtpServer {
  readonly port: number;
  readonly mails: readonly ReceivedMail[];
}

export async function startSmtpServer(settings: SmtpSettings = {}): Promise<SmtpServer> {
  const script = join(import.meta.dirname, "smtp-server.py");
  const server = spawn("/usr/bin/python3", [script, JSON.stringify(settings)], {
    // Clients that hang up on purpose are loud there.
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(async () => {
    const exited = once(server, "exit");
    server.kill("SIGKILL");
    await exited;
  });
  let port = 0;
  const mails: ReceivedMail[] = [];
  createInterface({ input: server.stdout }).on("line", (line) => {
    const told: { port: number } | ReceivedMail = JSON.parse(line);
    if ("port" in told) port = told.port;
    else mails.push(told);
  });
  await until(() => port !== 0);
  return { port, mails };
}
