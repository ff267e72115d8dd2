/** An HTTP proxy that tunnels by CONNECT, and counts its tunnels. */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { onTestFinished } from "vitest";

export interface ConnectProxy {
  readonly url: string;
  /** Where the tunnels led to, as the clients named it. */
  readonly tunnels: readonly string[];
}

/** `login`: `user:password` that it asks for. */
export async function startConnectProxy(login?: string): Promise<ConnectProxy> {
  const tunnels: string[] = [];
  const sockets = new Set<Duplex>();
  const server = createServer();
  const expected =
    login === undefined ? undefined : `Basic ${Buffer.from(login).toString("base64")}`;
  server.on("connect", (request: IncomingMessage, near: Duplex, head: Buffer) => {
    sockets.add(near);
    near.on("error", () => {});
    if (request.headers["proxy-authorization"] !== expected) {
      near.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    tunnels.push(request.url ?? "");
    const { hostname, port } = new URL(`tcp://${request.url}`);
    const far = connect(Number(port), hostname, () => {
      near.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      far.write(head);
      near.pipe(far).pipe(near);
    });
    sockets.add(far);
    far.on("error", () => near.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const prefix = login === undefined ? "" : `${login}@`;
  return { url: `http://${prefix}127.0.0.1:${port}`, tunnels };
}
