/**
 * Server-sent events to any number of pages. A page that does not keep up loses its connection
 * (the browser comes back by itself): nothing is queued for it without bound.
 */
import type { ServerResponse } from "node:http";

const CLIENTS_MAX = 64;
const UNSENT_BYTES_MAX = 256 * 1024;

/** One page that listens. */
export interface LiveClient {
  send(event: string, data: unknown): void;
}

export class LiveEvents {
  readonly #clients = new Set<ServerResponse>();
  #refused = 0;
  #dropped = 0;

  get clients(): number {
    return this.#clients.size;
  }

  /** How many pages were turned away because too many listen already. */
  get refused(): number {
    return this.#refused;
  }

  /** How many pages lost their connection because they did not keep up. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Answers with a stream of events.
   * @param onClose runs once, however the connection ends
   * @returns undefined where there is no room: the page was told to come back
   */
  attach(response: ServerResponse, onClose?: () => void): LiveClient | undefined {
    if (this.#clients.size >= CLIENTS_MAX) {
      this.#refused += 1;
      response.writeHead(503, { "retry-after": "10" }).end();
      return undefined;
    }
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write(": connected\n\n");
    this.#clients.add(response);
    response.once("close", () => {
      this.#clients.delete(response);
      onClose?.();
    });
    return { send: (event, data) => this.#write(response, frameOf(event, data)) };
  }

  /** Sends to all pages. */
  publish(event: string, data: unknown): void {
    if (this.#clients.size === 0) return;
    const frame = frameOf(event, data);
    for (const client of this.#clients) this.#write(client, frame);
  }

  close(): void {
    for (const client of this.#clients) client.end();
    this.#clients.clear();
  }

  #write(client: ServerResponse, frame: string): void {
    if (!this.#clients.has(client)) return;
    client.write(frame);
    if (client.writableLength <= UNSENT_BYTES_MAX) return;
    this.#dropped += 1;
    this.#clients.delete(client);
    client.destroy();
  }
}

function frameOf(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
