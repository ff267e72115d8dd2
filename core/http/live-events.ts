/**
 * Server-sent events to any number of pages. A page that does not keep up loses its connection
 * (the browser comes back by itself): nothing is queued for it without bound.
 */
import type { ServerResponse } from "node:http";

const CLIENTS_MAX = 64;
const UNSENT_BYTES_MAX = 256 * 1024;

export class LiveEvents {
  readonly #clients = new Set<ServerResponse>();

  get clients(): number {
    return this.#clients.size;
  }

  attach(response: ServerResponse): void {
    if (this.#clients.size >= CLIENTS_MAX) {
      response.writeHead(503, { "retry-after": "10" }).end();
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write(": connected\n\n");
    this.#clients.add(response);
    response.once("close", () => this.#clients.delete(response));
  }

  publish(event: string, data: unknown): void {
    if (this.#clients.size === 0) return;
    const frame = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const client of this.#clients) {
      client.write(frame);
      if (client.writableLength > UNSENT_BYTES_MAX) client.destroy();
    }
  }

  close(): void {
    for (const client of this.#clients) client.end();
    this.#clients.clear();
  }
}
