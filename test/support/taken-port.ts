import { createServer, type Server } from "node:net";

/** A port of the loopback that another program has, until it is freed. */
export class TakenPort {
  readonly port: number;
  readonly #server: Server;

  private constructor(port: number, server: Server) {
    this.port = port;
    this.#server = server;
  }

  /** @param onConnection called for whoever connects, who is closed */
  static async take(onConnection: () => void = () => {}): Promise<TakenPort> {
    const server = createServer((socket) => {
      onConnection();
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (typeof address !== "object" || !address) throw new Error("it listens");
    return new TakenPort(address.port, server);
  }

  async free(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
