import { once } from "node:events";
import { createServer } from "node:net";

/** A port of the loopback that nobody listens on: for programs that cannot pick one themselves. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const closed = once(server, "close");
  server.close();
  await closed;
  if (typeof address !== "object" || !address) throw new Error("no port");
  return address.port;
}
