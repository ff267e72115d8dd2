/** Stands before a PostgreSQL server, and breaks a connection off at its next COMMIT. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** As the simple query that the driver sends. */
const COMMIT = Buffer.from("COMMIT\0");

export class CuttingProxy {
  readonly #targetPort: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #next: "before" | "after" | undefined;
  cuts = 0;

  constructor(targetPort: number) {
    this.#targetPort = targetPort;
  }

  /** @returns the port */
  async start(): Promise<number> {
    const server = createServer((client) => this.#join(client)).listen(0, "127.0.0.1");
    await once(server, "listening");
    this.#server = server;
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  stop(): void {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The next COMMIT is swallowed, or its answer is. */
  cut(when: "before" | "after"): void {
    this.#next = when;
  }

  #join(client: Socket): void {
    const target = connect(this.#targetPort, "127.0.0.1");
    let isCutting = false;
    for (const socket of [client, target]) {
      this.#sockets.add(socket);
      // Whatever ends one side ends the other.
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        client.destroy();
        target.destroy();
        this.#sockets.delete(socket);
      });
    }
    client.on("data", (bytes) => {
      if (this.#next === undefined || !Buffer.from(bytes).includes(COMMIT)) {
        target.write(bytes);
        return;
      }
      const when = this.#next;
      this.#next = undefined;
      this.cuts += 1;
      isCutting = true;
      if (when === "after") target.write(bytes);
      else client.destroy();
    });
    target.on("data", (bytes) => {
      if (isCutting) client.destroy();
      else client.write(bytes);
    });
  }
}
