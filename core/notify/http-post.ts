/**
 * One POST over a connection of its own. Redirections are not followed: what is posted may be
 * signed, and its address a secret. Nothing of the address but its origin gets into a message.
 */
import { readFile } from "node:fs/promises";
import { request as requestPlain } from "node:http";
import { type RequestOptions, request as requestTls } from "node:https";
import { HttpsProxyAgent } from "https-proxy-agent";
import { isAbort, messageOf } from "../errors.ts";
import { DeliveryFailed } from "./contract.ts";
import type { HttpWay } from "./recipient.ts";

export interface Post {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly way: HttpWay;
}

/** What a receiver answers is not for us, but for the length of its status. */
const ANSWER_BYTES_MAX = 64 * 1024;
const RETRY_AFTER_MS_MAX = 3_600_000;

/** An answer by HTTP, as far as it matters. */
interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/**
 * Resolves when the receiver has answered that it took it.
 * @param nowMs by which a time in `Retry-After` is understood
 * @throws DeliveryFailed; AbortError when the signal fires
 */
export async function post(asked: Post, nowMs: number, signal: AbortSignal): Promise<void> {
  const { origin } = new URL(asked.url);
  let answer: Answer;
  try {
    answer = await send(asked, signal);
  } catch (error) {
    if (isAbort(error)) throw error;
    const message = `cannot reach ${origin}: ${messageOf(error)}`;
    throw new DeliveryFailed(message, { isTransient: true, cause: error });
  }
  if (answer.status >= 200 && answer.status < 300) return;
  throw new DeliveryFailed(`${origin} answered with status ${answer.status}`, {
    isTransient: canHelp(answer.status),
    retryAfterMs: retryAfterMsOf(answer.retryAfter, nowMs),
  });
}

async function send({ url, body, headers, way }: Post, signal: AbortSignal): Promise<Answer> {
  const { ca, proxy } = way;
  const options: RequestOptions = {
    method: "POST",
    headers: { ...headers, "content-length": Buffer.byteLength(body) },
    agent: proxy === undefined ? false : new HttpsProxyAgent(proxy),
    signal,
    ...(ca !== undefined && { ca: await readFile(ca) }),
  };
  const request = url.startsWith("https:") ? requestTls : requestPlain;
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (response) => {
      const { statusCode: status = 0, headers: given } = response;
      const answer = { status, retryAfter: given["retry-after"] };
      let bytes = 0;
      response.on("data", (part: Buffer) => {
        bytes += part.length;
        if (bytes > ANSWER_BYTES_MAX) response.destroy();
      });
      // The status has been told: how the rest ends changes nothing.
      response.on("error", () => resolve(answer));
      response.on("close", () => resolve(answer));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/**
 * Wrong keys and addresses are mended by somebody, often soon after the alarm about them. What the
 * receiver calls a wrong request stays one.
 */
const MENDED_BY_SOMEBODY: ReadonlySet<number> = new Set([401, 403, 404, 405, 407, 408, 425, 429]);

function canHelp(status: number): boolean {
  return status < 400 || status >= 500 || MENDED_BY_SOMEBODY.has(status);
}

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function retryAfterMsOf(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const waitMs = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.min(RETRY_AFTER_MS_MAX, Math.max(0, waitMs));
}
