/** Asks the agent that runs on a buffer, through its control socket. */
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import {
  type ErrorCode,
  errorCodes,
  messageOf,
  PenstockError,
  systemCodeOf,
} from "#core/errors.ts";
import { controlPathOf } from "./control-path.ts";

const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const LINE_CHARACTERS_MAX = 1024 * 1024;

export interface AskOptions {
  /** Sent as JSON. */
  body?: unknown;
  signal?: AbortSignal;
}

/**
 * The agent on the buffer; undefined where none runs.
 * @param bufferPath folder of the buffer, as in the settings
 * @throws PenstockError CONTROL_DENIED: one runs, and this user may not command it
 */
export async function findAgent(bufferPath: string): Promise<ControlClient | undefined> {
  const path = controlPathOf(bufferPath);
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(new ControlClient(path));
    });
    socket.once("error", (error) => {
      const code = systemCodeOf(error);
      // A socket that nobody listens at was left by an agent that was killed.
      if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTDIR") resolve(undefined);
      else reject(unreachable(path, error));
    });
  });
}

/**
 * As `findAgent`, for a command that is nothing without a running agent.
 * @throws PenstockError CONTROL_ABSENT, CONTROL_DENIED
 */
export async function runningAgent(bufferPath: string): Promise<ControlClient> {
  const agent = await findAgent(bufferPath);
  if (agent) return agent;
  const message = `no agent runs on the buffer ${bufferPath}: start it, or see why it ended (\`systemctl status penstock\`)`;
  throw new PenstockError("CONTROL_ABSENT", message, { context: { bufferPath } });
}

export class ControlClient {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * The answer of a route such as `GET /status`.
   * @throws PenstockError of the agent's own, CONTROL_FAILED, CONTROL_DENIED
   */
  async ask<T>(route: string, options: AskOptions = {}): Promise<T> {
    const answer = await this.#send(route, options);
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of answer as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > ANSWER_BYTES_MAX) throw failed("its answer is too long");
      parts.push(part);
    }
    const value = parse(Buffer.concat(parts).toString("utf8"));
    if (answer.statusCode !== 200) throw errorOf(answer, value);
    // Agent and command are the same program.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return value as T;
  }

  /** The items of a route that answers line by line, as they come; ends when the signal fires. */
  async *lines<T>(route: string, options: AskOptions = {}): AsyncGenerator<T> {
    try {
      yield* this.#items<T>(route, options);
    } catch (error) {
      if (options.signal?.aborted !== true) throw error;
    }
  }

  async *#items<T>(route: string, options: AskOptions): AsyncGenerator<T> {
    const answer = await this.#send(route, options);
    answer.setEncoding("utf8");
    let rest = "";
    for await (const part of answer as AsyncIterable<string>) {
      const lines = (rest + part).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > LINE_CHARACTERS_MAX) throw failed("its answer is too long");
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
      for (const line of lines) yield parse(line) as T;
    }
    if (answer.statusCode !== 200) throw errorOf(answer, parse(rest));
    if (rest !== "" || !answer.complete) throw failed("its answer ended too early");
  }

  #send(route: string, { body, signal }: AskOptions): Promise<IncomingMessage> {
    const [method, path] = route.split(" ");
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const asked = request(
        { socketPath: this.#path, method, path, agent: false, ...(signal && { signal }) },
        resolve,
      );
      asked.on("error", (error) => {
        reject(signal?.aborted === true ? error : unreachable(this.#path, error));
      });
      asked.end(text);
    });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw failed("it did not answer in JSON");
  }
}

function errorOf(answer: IncomingMessage, body: unknown): PenstockError {
  const code = answer.headers["x-penstock-code"];
  const known = errorCodes.find((other): other is ErrorCode => other === code);
  const isObject = typeof body === "object" && body !== null && "error" in body;
  const message = isObject ? String(body.error) : `status ${answer.statusCode}`;
  return known ? new PenstockError(known, message) : failed(message);
}

function failed(why: string): PenstockError {
  return new PenstockError("CONTROL_FAILED", `the agent cannot be asked: ${why}`);
}

function unreachable(path: string, cause: Error): PenstockError {
  const code = systemCodeOf(cause);
  const context = { path };
  if (code === "EACCES" || code === "EPERM") {
    const message = `an agent runs, and this user may not command it (${path})`;
    return new PenstockError("CONTROL_DENIED", message, { cause, context });
  }
  const message = `the agent cannot be asked (${path}): ${messageOf(cause)}`;
  return new PenstockError("CONTROL_FAILED", message, { cause, context });
}
