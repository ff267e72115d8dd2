import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface MuteServer {
  readonly port: number;
  /** The first that connects. */
  readonly connected: Promise<Socket>;
}

/** It accepts connections on the loopback, and says nothing. */
export async function startMuteServer(): Promise<MuteServer> {
  const server = createServer().listen(0, "127.0.0.1");
  const connected = Promise.withResolvers<Socket>();
  server.once("connection", connected.resolve);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  return { port: address.port, connected: connected.promise };
}
