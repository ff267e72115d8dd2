/**
 * One hub a data folder: two would write the same segments. The lock is an abstract Unix socket named
 * after the folder, which the kernel frees however the process ends (unix(7)).
 */
import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { PenstockError } from "#core/errors.ts";
import { makeFolder } from "./durable-file.ts";

export class DataLock {
  readonly #folder: string;
  #server: Server | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the folder if need be; throws `HUB_LOG_FAILED` when another process holds it. */
  async acquire(): Promise<void> {
    makeFolder(this.#folder);
    const path = realpathSync(this.#folder);
    const name = createHash("sha256").update(path).digest("hex").slice(0, 32);
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause) => {
        const message = `Another hub already uses the data folder ${path}: stop it, or give this one another --data folder.`;
        reject(new PenstockError("HUB_LOG_FAILED", message, { context: { path }, cause }));
      });
      server.listen(`\0penstock-hub-${name}`, resolve);
    });
    server.unref();
    this.#server = server;
  }

  async release(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }
}
