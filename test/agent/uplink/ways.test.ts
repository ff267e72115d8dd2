// oxlint-disable vitest/no-standalone-expect -- peerTest() is a test.
/** The ways to the hub, and who may go them: WebSockets, proxies, TLS, identities of Entra ID. */
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { makeProducer } from "#agent/uplink/hub-client.ts";
import type { HubAccess } from "#core/event-hubs/access.ts";
import { EntraCredential } from "#core/event-hubs/entra-credential.ts";
import { openssl, selfSigned } from "#test/cloud/hub/self-signed.ts";
import { startIngest } from "#test/cloud/ingest/running-ingest.ts";
import { startConnectProxy } from "#test/support/connect-proxy.ts";
import { TEST_HUB } from "#test/support/hub.ts";
import { peerTest } from "#test/support/peer.ts";
import { startDirectory, trust } from "./directory.ts";
import {
  append,
  type RunningUplink,
  startHub,
  startUplink,
  untilCode,
  untilEmpty,
  WAIT,
} from "./support.ts";

async function uplinkBy(access: HubAccess): Promise<RunningUplink> {
  return startUplink("", {
    makeClient: (timeoutMs) => makeProducer(access, timeoutMs),
    sendTimeoutMs: 3000,
  });
}

describe("the way to the hub", { timeout: 60_000 }, () => {
  test("may be WebSockets, from the gateway and to the sink", async () => {
    const hub = await startHub();
    const { connectionString } = hub;
    const { buffer } = await uplinkBy({ connectionString, hub: TEST_HUB, webSockets: true });
    await append(buffer, 0, 20);
    await untilEmpty(buffer);
    const sink = await startIngest(hub, undefined, { webSockets: true });
    onTestFinished(() => sink.remove());
    await vi.waitFor(async () => {
      expect((await sink.store.state()).totals.readings).toBe(20);
    }, WAIT);
  });

  test("may lead through an HTTP proxy, with a login", async () => {
    const hub = await startHub();
    const { connectionString } = hub;
    const proxy = await startConnectProxy("gateway:secret");
    const { buffer } = await uplinkBy({ connectionString, hub: TEST_HUB, proxy: proxy.url });
    await append(buffer, 0, 20);
    await untilEmpty(buffer);
    const { port } = hub.hub.address;
    expect(new Set(proxy.tunnels)).toEqual(new Set([`127.0.0.1:${port}`]));
    const sink = await startIngest(hub, undefined, { proxy: proxy.url });
    onTestFinished(() => sink.remove());
    await vi.waitFor(async () => {
      expect((await sink.store.state()).totals.readings).toBe(20);
    }, WAIT);
  });

  test("is unreachable, and nothing is lost, while the proxy wants a login that it is not given", async () => {
    const hub = await startHub();
    const { connectionString } = hub;
    const proxy = await startConnectProxy("gateway:secret");
    const url = proxy.url.replace("gateway:secret@", "");
    const running = await uplinkBy({ connectionString, hub: TEST_HUB, proxy: url });
    await append(running.buffer, 0, 3);
    await untilCode(running.uplink, "UPLINK_UNREACHABLE");
    expect(proxy.tunnels).toEqual([]);
    expect(running.buffer.status().segments).toBeGreaterThan(0);
  });

  peerTest("is TLS, of whom the gateway trusts and of nobody else", [openssl], async () => {
    const { key, cert } = await selfSigned();
    const hub = await startHub({ tls: { key, cert } });
    const { connectionString } = hub;
    const endpoint = `127.0.0.1:${hub.hub.address.port}`;
    const stranger = await uplinkBy({ connectionString, hub: TEST_HUB, endpoint });
    await append(stranger.buffer, 0, 3);
    await untilCode(stranger.uplink, "UPLINK_TLS_FAILED");
    await vi.waitFor(
      () => expect(stranger.alarms[0]).toMatchObject({ rule: "uplink-tls-failed" }),
      WAIT,
    );
    trust(cert);
    await untilEmpty(stranger.buffer);
    expect(stranger.alarms.at(-1)).toMatchObject({ state: "cleared" });
  });

  for (const [how, made] of [
    ["expired", { expired: true }],
    ["of another host", { name: "another.example" }],
  ] as const) {
    peerTest(`refuses a certificate that is ${how}, with an alarm`, [openssl], async () => {
      const { key, cert } = await selfSigned(made);
      trust(cert);
      const hub = await startHub({ tls: { key, cert } });
      const { connectionString } = hub;
      const endpoint = `127.0.0.1:${hub.hub.address.port}`;
      const running = await uplinkBy({ connectionString, hub: TEST_HUB, endpoint });
      await append(running.buffer, 0, 3);
      await untilCode(running.uplink, "UPLINK_TLS_FAILED");
      await vi.waitFor(
        () => expect(running.alarms[0]).toMatchObject({ rule: "uplink-tls-failed" }),
        WAIT,
      );
    });
  }
});

describe("an identity of Entra ID", { timeout: 60_000 }, () => {
  peerTest("brings its token to the hub, and its refusal as an alarm", [openssl], async () => {
    const token = { token_type: "Bearer", expires_in: 3600, access_token: "a.b.c" };
    const { asked, authority } = await startDirectory(token);
    const { key, cert } = await selfSigned();
    trust(cert);
    const hub = await startHub({ tls: { key, cert } });
    const application = { tenant: "plant", client: "gateway", authority };
    const credential = new EntraCredential({ kind: "secret", secret: "s3", ...application });
    const running = await uplinkBy({
      namespace: "plant.servicebus.windows.net",
      credential,
      hub: TEST_HUB,
      endpoint: `127.0.0.1:${hub.hub.address.port}`,
    });
    await append(running.buffer, 0, 3);
    // The embedded hub knows no directory, so it refuses what a namespace would accept.
    await untilCode(running.uplink, "UPLINK_UNAUTHORIZED");
    expect(hub.hub.counters.loginsRefused).toBeGreaterThan(0);
    expect(Object.fromEntries(asked[0]!)).toMatchObject({
      client_id: "gateway",
      client_secret: "s3",
      grant_type: "client_credentials",
    });
    expect(asked[0]!.get("scope")).toContain("https://eventhubs.azure.net//.default");
    await vi.waitFor(
      () => expect(running.alarms[0]).toMatchObject({ rule: "uplink-unauthorized" }),
      WAIT,
    );
  });

  peerTest(
    "that the directory refuses is unauthorized, by the directory's words",
    [openssl],
    async () => {
      const refusal = { error: "invalid_client", error_description: "AADSTS7000215: wrong secret" };
      const { authority } = await startDirectory(refusal, 401);
      const application = { tenant: "plant", client: "gateway", authority };
      const credential = new EntraCredential({ kind: "secret", secret: "old", ...application });
      const hub = await startHub();
      const running = await uplinkBy({
        namespace: "plant.servicebus.windows.net",
        credential,
        hub: TEST_HUB,
        endpoint: `127.0.0.1:${hub.hub.address.port}`,
      });
      await append(running.buffer, 0, 3);
      expect(await untilCode(running.uplink, "UPLINK_UNAUTHORIZED")).toContain("AADSTS7000215");
    },
  );
});
