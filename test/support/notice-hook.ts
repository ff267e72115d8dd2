/** A webhook's server, for programs that are no tests. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { WebhookBody } from "#core/notify/webhook-body.ts";

export interface NoticeHook {
  readonly url: string;
  stop(): void;
}

/** Takes all that comes. */
export async function startNoticeHook(onNotice: (body: WebhookBody) => void): Promise<NoticeHook> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      onNotice(JSON.parse(Buffer.concat(parts).toString("utf8")));
      response.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
