/**
 * One process a data folder. The lock is an abstract Unix socket named after the folder, which the
 * kernel frees however the process ends (unix(7)), and which no other opening of the same folder,
 * in this process or another, can take away or drop.
 */
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:net";
import { systemCodeOf } from "./errors.ts";

export class DataLock {
  readonly #scope: string;
  #server: Server | undefined;

  /** `scope` says what is locked: two programs may share a folder. */
  constructor(scope: string) {
    this.#scope = scope;
  }

  /** False when it is held already. `realPath` without links, so that one folder has one name. */
  async acquire(realPath: string): Promise<boolean> {
    const name = createHash("sha256").update(realPath).digest("hex").slice(0, 32);
    const server = createServer((socket) => socket.destroy());
    const isFree = await new Promise<boolean>((resolve, reject) => {
      server.once("error", (error) => {
        if (systemCodeOf(error) === "EADDRINUSE") resolve(false);
        else reject(error);
      });
      server.listen(`\0penstock-${this.#scope}-${name}`, () => resolve(true));
    });
    if (!isFree) return false;
    server.unref();
    this.#server = server;
    return true;
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
