import { describe, expect, test, vi } from "vitest";
import type { AccessPolicy } from "#cloud/hub/access/access-keys.ts";
import type { Hub } from "#cloud/hub/hub.ts";
import {
  append,
  receive,
  startHub,
  startLink,
  startUplink,
  untilEmpty,
  upTo,
  valuesIn,
  WAIT,
} from "./support.ts";

/** The error in the status has this code. */
async function untilCode(
  uplink: { status(): { error?: { code: string } } },
  code: string,
): Promise<void> {
  await vi.waitFor(() => expect(uplink.status().error?.code).toBe(code), WAIT);
}

/** The one policy of a hub, whose key is made of a name. */
function policy(name: string): readonly AccessPolicy[] {
  const key = Buffer.from(name.padEnd(32)).toString("base64");
  return [{ name: "plant", key, rights: ["Manage", "Send", "Listen"] }];
}

describe("the uplink, when the hub", { timeout: 60_000 }, () => {
  test("is busy, waits, holds the order and loses nothing", async () => {
    const hub = await startHub();
    const events = receive(hub.connectionString);
    const { buffer, uplink, alarms } = await startUplink(hub.connectionString);
    await append(buffer, 0, 3);
    await untilEmpty(buffer);
    hub.hub.faults.throttle(1500);
    await append(buffer, 3, 20);
    await untilCode(uplink, "UPLINK_THROTTLED");
    expect(buffer.status().segments).toBeGreaterThan(0);
    await untilEmpty(buffer);
    await vi.waitFor(() => expect(valuesIn(events)).toEqual(upTo(20)), WAIT);
    expect(uplink.status()).toMatchObject({ state: "connected" });
    expect(uplink.status().error).toBeUndefined();
    expect(alarms).toEqual([]);
  });

  test.each([
    ["detaches its links", (hub: Hub) => hub.detachLinks()],
    ["drops the connections", (hub: Hub) => hub.dropConnections()],
    ["lets the tokens expire", (hub: Hub) => hub.expireTokens()],
    ["stores an event, but loses its confirmation", (hub: Hub) => hub.faults.confirmThenDrop(1)],
  ])("%s, sends again, in order", async (_, fault) => {
    const hub = await startHub();
    const events = receive(hub.connectionString);
    const { buffer, alarms } = await startUplink(hub.connectionString);
    await append(buffer, 0, 3);
    await untilEmpty(buffer);
    fault(hub.hub);
    await append(buffer, 3, 20);
    await untilEmpty(buffer);
    await vi.waitFor(() => expect(valuesIn(events)).toEqual(upTo(20)), WAIT);
    expect(alarms).toEqual([]);
  });

  test("has another key, says so, raises an alarm, and goes on when the key is right", async () => {
    const hub = await startHub({ keys: policy("old") });
    const old = hub.connectionString;
    const { buffer, uplink, alarms } = await startUplink(old);
    await append(buffer, 0, 3);
    await untilEmpty(buffer);
    const { port } = hub.hub.address;
    const { dataDir } = hub;
    await hub.hub.stop();
    const rotated = await startHub({ keys: policy("new"), port, dataDir });
    await append(buffer, 3, 6);
    await untilCode(uplink, "UPLINK_UNAUTHORIZED");
    await vi.waitFor(() => expect(alarms).toHaveLength(1), WAIT);
    expect(alarms[0]).toMatchObject({ rule: "uplink-unauthorized", state: "active" });
    expect(uplink.status().state).toBe("failing");
    expect(buffer.status().segments).toBeGreaterThan(0);
    await rotated.hub.stop();

    const again = await startHub({ keys: policy("old"), port, dataDir });
    const events = receive(again.connectionString);
    await untilEmpty(buffer);
    await vi.waitFor(() => expect(valuesIn(events)).toEqual(upTo(6)), WAIT);
    expect(alarms.at(-1)).toMatchObject({ rule: "uplink-unauthorized", state: "cleared" });
  });

  test("has no such event hub, holds everything and raises an alarm", async () => {
    const hub = await startHub({ hubs: [{ name: "another", partitions: 2 }] });
    const { buffer, uplink, alarms } = await startUplink(hub.connectionString);
    await append(buffer, 0, 3);
    await untilCode(uplink, "UPLINK_HUB_MISSING");
    await vi.waitFor(() => expect(alarms[0]).toMatchObject({ rule: "uplink-hub-missing" }), WAIT);
    expect(buffer.status()).toMatchObject({ droppedReadings: 0 });
    expect(buffer.status().segments).toBeGreaterThan(0);
  });
});

describe("the uplink, when the link", { timeout: 60_000 }, () => {
  test("is cut and comes back, sends what waited", async () => {
    const hub = await startHub();
    const { link, connectionString } = await startLink(hub);
    const events = receive(hub.connectionString);
    const { buffer, uplink } = await startUplink(connectionString);
    await append(buffer, 0, 3);
    await untilEmpty(buffer);
    await link.cut();
    await append(buffer, 3, 10);
    await untilCode(uplink, "UPLINK_UNREACHABLE");
    await link.heal();
    await untilEmpty(buffer);
    await vi.waitFor(() => expect(valuesIn(events)).toEqual(upTo(10)), WAIT);
  });

  test("is a black hole, gives up by its watchdog, and recovers through a new client", async () => {
    const hub = await startHub();
    const { link, connectionString } = await startLink(hub);
    const events = receive(hub.connectionString);
    const { buffer, uplink } = await startUplink(connectionString);
    await append(buffer, 0, 3);
    await untilEmpty(buffer);
    link.blackHole();
    await append(buffer, 3, 10);
    await untilCode(uplink, "UPLINK_TIMEOUT");
    expect(uplink.status().renewals).toBeGreaterThan(0);
    await link.heal();
    await untilEmpty(buffer);
    await vi.waitFor(() => expect(valuesIn(events)).toEqual(upTo(10)), WAIT);
  });

  test("is half-open, so that confirmations are lost, goes on over a new connection", async () => {
    const hub = await startHub();
    const { link, connectionString } = await startLink(hub);
    const events = receive(hub.connectionString);
    const { buffer, uplink } = await startUplink(connectionString);
    await append(buffer, 0, 3);
    await untilEmpty(buffer);
    // The old connection swallows answers for good; new ones work.
    link.goHalfOpen();
    await append(buffer, 3, 10);
    await untilEmpty(buffer);
    expect(uplink.status().renewals).toBeGreaterThan(0);
    await vi.waitFor(() => expect(valuesIn(events)).toEqual(upTo(10)), WAIT);
  });

  test("has no name that resolves, says so, without an alarm", async () => {
    const hub = await startHub();
    const nowhere = hub.connectionString.replace(/sb:\/\/[^;]+;/, "sb://hub.invalid:5672;");
    const { buffer, uplink, alarms } = await startUplink(nowhere);
    await append(buffer, 0, 3);
    await untilCode(uplink, "UPLINK_HOST_UNKNOWN");
    expect(alarms).toEqual([]);
    expect(uplink.status().state).toBe("failing");
  });
});
