/** An HTTP server that keeps what it is sent, and answers as a test says. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { until } from "./until.ts";

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A status, with headers; or whatever is to be done with the connection. */
export type Answer =
  | number
  | { status: number; headers: Record<string, string> }
  | ((response: ServerResponse) => void);

export interface HttpReceiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** For the next requests, one each; then `otherwise` again. */
  answer(...answers: Answer[]): void;
  /** 200 unless a test sets it. */
  otherwise: Answer;
  /** The first that comes. */
  first(): Promise<Received>;
  /** Resolves when so many have come. */
  has(count: number): Promise<readonly Received[]>;
}

export async function startHttpReceiver(): Promise<HttpReceiver> {
  const received: Received[] = [];
  const answers: Answer[] = [];
  let receiver: HttpReceiver;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts).toString("utf8");
      received.push({ path: request.url ?? "", headers: request.headers, body });
      reply(response, answers.shift() ?? receiver.otherwise);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const has = async (count: number): Promise<readonly Received[]> => {
    await until(() => received.length >= count);
    return received;
  };
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  receiver = {
    url: `http://127.0.0.1:${address.port}`,
    received,
    answer: (...given) => void answers.push(...given),
    first: async () => {
      const [first] = await has(1);
      if (!first) throw new Error("nothing came");
      return first;
    },
    has,
    otherwise: 200,
  };
  return receiver;
}

function reply(response: ServerResponse, answer: Answer): void {
  if (typeof answer === "function") return answer(response);
  const { status, headers } = typeof answer === "number" ? { status: answer, headers: {} } : answer;
  response.writeHead(status, headers).end("taken\n");
}
