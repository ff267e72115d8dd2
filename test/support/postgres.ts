/**
 * PostgreSQL as Debian installs it, started by the test itself: an ordinary user's server in a folder
 * of its own, on a Unix socket and a port of the loopback that the system picks.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { systemClock } from "#core/clock.ts";
import { freePort } from "./free-port.ts";
import type { Peer } from "./peer.ts";

const ROOT = "/usr/lib/postgresql";
const START_MS_MAX = 30_000;

function binFolder(): string | undefined {
  const found = spawnSync("ls", [ROOT], { encoding: "utf8" });
  const newest = found.stdout.split("\n").filter((name) => Number(name) >= 15);
  const version = newest.toSorted((a, b) => Number(b) - Number(a))[0];
  return version === undefined ? undefined : join(ROOT, version, "bin");
}

export const postgres: Peer = {
  probe: ["test", "-x", join(binFolder() ?? ROOT, "postgres")],
  debianPackage: "postgresql",
};

export interface PostgresOptions {
  /** Without it the server does not wait for the disk: quicker, where no power is cut. */
  fsync?: boolean;
}

export class PostgresServer {
  readonly #folder: string;
  readonly #port: number;
  readonly #fsync: boolean;
  #child: ReturnType<typeof spawn> | undefined;
  #hasDatabase = false;

  private constructor(folder: string, port: number, fsync: boolean) {
    this.#folder = folder;
    this.#port = port;
    this.#fsync = fsync;
  }

  static async start(options: PostgresOptions = {}): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), "penstock-postgres-"));
    const server = new PostgresServer(folder, await freePort(), options.fsync ?? false);
    try {
      server.#initialise();
      await server.resume();
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
    return server;
  }

  /** Of the server's process. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null;
  }

  urlOf(database: string): string {
    return `postgres://penstock:${PASSWORD}@127.0.0.1:${this.#port}/${database}`;
  }

  /** The one database, emptied. @returns its URL */
  async emptyDatabase(): Promise<string> {
    if (!this.#hasDatabase) await this.run("postgres", CREATE);
    this.#hasDatabase = true;
    await this.run(DATABASE, "DROP SCHEMA IF EXISTS penstock CASCADE");
    return this.urlOf(DATABASE);
  }

  async run(database: string, sql: string): Promise<void> {
    const client = new Client({ connectionString: this.urlOf(database) });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  }

  /** Starts the server (again) on the same data and port. */
  async resume(): Promise<void> {
    const settings = [
      ["listen_addresses", "127.0.0.1"],
      ["port", String(this.#port)],
      ["unix_socket_directories", this.#folder],
      ["fsync", this.#fsync ? "on" : "off"],
      ["shared_buffers", "32MB"],
      ["max_connections", "60"],
    ].flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const child = spawn(...asUser(["postgres", "-D", join(this.#folder, "data"), ...settings]), {
      stdio: "ignore",
    });
    this.#child = child;
    const deadlineMs = systemClock.monotonic() + START_MS_MAX;
    while (!(await this.#answers())) {
      if (child.exitCode !== null || systemClock.monotonic() > deadlineMs) {
        throw new Error("PostgreSQL did not start");
      }
      await systemClock.sleep(50, { name: "PostgreSQL's start" });
    }
  }

  /** `SIGINT` breaks all connections off and shuts down, `SIGQUIT` leaves as after a crash. */
  async halt(signal: "SIGINT" | "SIGQUIT" = "SIGINT"): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }

  async remove(): Promise<void> {
    await this.halt("SIGQUIT");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #initialise(): void {
    const data = join(this.#folder, "data");
    mkdirSync(data);
    if (process.getuid?.() === 0) {
      const { uid, gid } = ordinaryUser();
      for (const path of [this.#folder, data]) chownSync(path, uid, gid);
    }
    const [command, args] = asUser([
      "bash",
      "-c",
      `exec "$0/initdb" -D "$1" -U penstock -A scram-sha-256 --pwfile <(echo "$2") --no-sync -E UTF8 --locale C`,
      binFolder() ?? ROOT,
      data,
      PASSWORD,
    ]);
    const made = spawnSync(command, args, { encoding: "utf8", cwd: this.#folder });
    if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  }

  async #answers(): Promise<boolean> {
    try {
      await this.run("postgres", "SELECT 1");
      return true;
    } catch {
      // It is still starting.
      return false;
    }
  }
}

const DATABASE = "plant";
const CREATE = `CREATE DATABASE ${DATABASE} ENCODING 'UTF8' TEMPLATE template0`;

/** Of a server that only this test can reach, and that ends with it. */
const PASSWORD = "reservoir";

/** PostgreSQL refuses to run as root. */
function asUser(command: readonly [string, ...string[]]): [string, string[]] {
  const [program, ...args] = command;
  const path = program === "bash" ? program : join(binFolder() ?? ROOT, program);
  if (process.getuid?.() !== 0) return [path, args];
  const { uid, gid } = ordinaryUser();
  const identity = [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
  return ["setpriv", [...identity, path, ...args]];
}

function ordinaryUser(): { uid: number; gid: number } {
  return { uid: idOf("-u"), gid: idOf("-g") };
}

function idOf(flag: "-u" | "-g"): number {
  return Number(spawnSync("id", [flag, "nobody"], { encoding: "utf8" }).stdout);
}
