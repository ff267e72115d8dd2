import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer as createTlsServer } from "node:https";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { messageOf } from "#core/errors.ts";
import type { DeliveryFailed } from "#core/notify/contract.ts";
import type { WebhookChannel } from "#core/notify/recipient.ts";
import { WebhookNotifier } from "#core/notify/webhook.ts";
import { webhookBody } from "#core/notify/webhook-body.ts";
import { openssl, selfSigned } from "#test/cloud/hub/self-signed.ts";
import { startConnectProxy } from "#test/support/connect-proxy.ts";
import { type Answer, startHttpReceiver } from "#test/support/http-receiver.ts";
import { MANUAL_CLOCK_START_MS, ManualClock } from "#test/support/manual-clock.ts";
import { type Peer, peerTest } from "#test/support/peer.ts";
import { failureOf } from "./failure-of.ts";
import { madeNotice } from "./made-notice.ts";

const run = promisify(execFile);
const never = new AbortController().signal;

async function deliver(
  channel: WebhookChannel,
  notice = madeNotice(),
  signal = never,
): Promise<void> {
  await new WebhookNotifier(channel, new ManualClock()).deliver(notice, signal);
}

describe("a webhook", () => {
  test("gets a notice in the documented shape", async () => {
    const receiver = await startHttpReceiver();
    await deliver({ url: `${receiver.url}/hooks/shift?x=1` });
    const { path, headers, body } = await receiver.first();
    expect(path).toBe("/hooks/shift?x=1");
    const content = webhookBody.parse(JSON.parse(body));
    expect(content).toMatchObject({
      version: 1,
      kind: "raised",
      priority: "critical",
      device: "oven-2",
      value: 241.3,
      unit: "°C",
    });
    expect(content.text).toContain("Value:       241.3 °C (limit 240 °C)");
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "x-penstock-notice-id": content.id,
      "idempotency-key": `"${content.id}"`,
    });
    expect(headers).not.toHaveProperty("x-penstock-signature");
  });

  test("gets null for what is no number, since JSON has no other", async () => {
    const receiver = await startHttpReceiver();
    await deliver({ url: receiver.url }, madeNotice({ value: Number.NaN, points: [1, Infinity] }));
    const { body } = await receiver.first();
    expect(webhookBody.parse(JSON.parse(body))).toMatchObject({ value: null, points: [1, null] });
  });

  test("recognises a repeat by its id", async () => {
    const receiver = await startHttpReceiver();
    await deliver({ url: receiver.url });
    await deliver({ url: receiver.url });
    await deliver({ url: receiver.url }, madeNotice({ id: "raised/another one" }));
    const ids = (await receiver.has(3)).map(({ headers }) => headers["x-penstock-notice-id"]);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  peerTest("is signed so that openssl comes to the same signature", [openssl], async () => {
    const receiver = await startHttpReceiver();
    const key = "a key of 24 characters";
    await deliver({ url: receiver.url, key });
    const { headers, body } = await receiver.first();
    const time = String(headers["x-penstock-timestamp"]);
    expect(time).toBe(String(MANUAL_CLOCK_START_MS / 1000));
    const { stdout } = spawnSync("openssl", ["dgst", "-sha256", "-hmac", key], {
      input: `${time}.${body}`,
    });
    const [digest] = /[0-9a-f]{64}/.exec(stdout.toString()) ?? [];
    expect(headers["x-penstock-signature"]).toBe(`v1=${digest}`);
  });

  const python: Peer = { probe: ["/usr/bin/python3", "--version"], debianPackage: "python3" };
  peerTest("is signed so that Python comes to the same signature", [python], async () => {
    const receiver = await startHttpReceiver();
    await deliver({ url: receiver.url, key: "Schlüssel-für-Halle-3" });
    const { headers, body } = await receiver.first();
    const time = String(headers["x-penstock-timestamp"]);
    const code =
      "import hmac,sys; key,time,body=[a.encode() for a in sys.argv[1:]];" +
      "print('v1='+hmac.new(key,time+b'.'+body,'sha256').hexdigest())";
    const args = ["-c", code, "Schlüssel-für-Halle-3", time, body];
    const { stdout } = await run("/usr/bin/python3", args);
    expect(headers["x-penstock-signature"]).toBe(stdout.trim());
  });

  test("is reached through an HTTP proxy, by TLS, with an authority of its own", async () => {
    const { key, cert, certPath } = await selfSigned();
    const server = createTlsServer({ key, cert }, (request, response) => {
      request.resume().on("end", () => response.end());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const proxy = await startConnectProxy();
    const url = `https://localhost:${port}/hook`;
    await deliver({ url, proxy: proxy.url, ca: certPath });
    expect(proxy.tunnels).toEqual([`localhost:${port}`]);
    const failure = await failureOf(deliver({ url }));
    expect(failure).toMatchObject({ isTransient: true, code: "NOTICE_UNDELIVERED" });
    expect(failure.message).toMatch(/self-signed/);
  });
});

describe("a receiver that does not take it", () => {
  test.each<[string, Answer, Partial<DeliveryFailed>]>([
    ["is broken", 500, { isTransient: true, code: "NOTICE_UNDELIVERED" }],
    ["calls the request wrong", 400, { isTransient: false, code: "NOTICE_REFUSED" }],
    ["is gone for good", 410, { isTransient: false }],
    ["wants another key", 401, { isTransient: true }],
    ["sends elsewhere", { status: 302, headers: { location: "/" } }, { isTransient: true }],
    [
      "asks to wait",
      { status: 429, headers: { "retry-after": "120" } },
      { isTransient: true, retryAfterMs: 120_000 },
    ],
    [
      "asks to wait until a time",
      { status: 503, headers: { "retry-after": "Fri, 21 Nov 2025 06:41:30 GMT" } },
      { isTransient: true, retryAfterMs: 90_000 },
    ],
    [
      "asks to wait for a year",
      { status: 503, headers: { "retry-after": "31536000" } },
      { isTransient: true, retryAfterMs: 3_600_000 },
    ],
    ["hangs up", (response) => void response.destroy(), { isTransient: true }],
  ])("because it %s", async (_, answer, expected) => {
    const receiver = await startHttpReceiver();
    receiver.answer(answer);
    const failure = await failureOf(deliver({ url: `${receiver.url}/secret-path?token=abc` }));
    expect(failure).toMatchObject(expected);
    expect(failure.message).not.toMatch(/secret-path|token|abc/);
    expect(receiver.received).toHaveLength(1);
  });

  test("is not there", async () => {
    const failure = await failureOf(deliver({ url: "http://user:pass@127.0.0.1:1/secret-path" }));
    expect(failure.message).toContain("cannot reach http://127.0.0.1:1");
    expect(failure.message).not.toMatch(/secret-path|pass/);
  });

  test("is not waited for once nobody wants that any more", async () => {
    const receiver = await startHttpReceiver();
    receiver.answer(() => {});
    const stopping = new AbortController();
    const delivering = deliver({ url: receiver.url }, madeNotice(), stopping.signal);
    await receiver.has(1);
    stopping.abort();
    await expect(delivering).rejects.toSatisfy((error) => messageOf(error) !== "");
  });

  test("has taken it once it says so, however the rest of its answer ends", async () => {
    const receiver = await startHttpReceiver();
    receiver.answer((response) => {
      response.writeHead(200, { "content-length": 1_000_000 });
      response.write("x".repeat(200_000));
    });
    await deliver({ url: receiver.url });
    expect(receiver.received).toHaveLength(1);
  });
});
