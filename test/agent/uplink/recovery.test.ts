import { describe, expect, test, vi } from "vitest";
import type { AccessPolicy } from "#cloud/hub/access/access-keys.ts";
import type { Hub } from "#cloud/hub/hub.ts";
import {
  append,
  receive,
  startHub,
  startUplink,
  untilCode,
  untilEmpty,
  upTo,
  valuesIn,
  WAIT,
} from "./support.ts";

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

  test("has used up a quota, holds everything and raises an alarm until there is room", async () => {
    const hub = await startHub();
    const events = receive(hub.connectionString);
    const { buffer, uplink, alarms } = await startUplink(hub.connectionString);
    const condition = "amqp:resource-limit-exceeded";
    hub.hub.faults.refuseSends({ condition, description: "The quota is used up." });
    await append(buffer, 0, 5);
    await untilCode(uplink, "UPLINK_QUOTA_EXCEEDED");
    await vi.waitFor(
      () => expect(alarms[0]).toMatchObject({ rule: "uplink-quota-exceeded" }),
      WAIT,
    );
    hub.hub.faults.clear();
    await untilEmpty(buffer);
    await vi.waitFor(() => expect(valuesIn(events)).toEqual(upTo(5)), WAIT);
    expect(alarms.at(-1)).toMatchObject({ state: "cleared" });
  });

  test("never answers some events, on a connection that stays, sends them again", async () => {
    const hub = await startHub();
    const events = receive(hub.connectionString);
    const { buffer, uplink } = await startUplink(hub.connectionString);
    hub.hub.faults.loseConfirmations(2);
    await append(buffer, 0, 20);
    await untilEmpty(buffer);
    await vi.waitFor(() => expect(valuesIn(events)).toEqual(upTo(20)), WAIT);
    expect(uplink.status().renewals).toBeGreaterThan(0);
  });

  test("refuses one chunk for what it is while others pass, goes on without it", async () => {
    const hub = await startHub();
    const { log } = [...hub.hub.hubs()][0]!;
    const { buffer, uplink, alarms } = await startUplink(hub.connectionString);
    const partitionOf = async (device: string): Promise<number> => {
      const ends = upTo(4).map((partition) => log.partition(partition).nextSeq);
      await append(buffer, 0, 1, device);
      await untilEmpty(buffer);
      return ends.findIndex((end, partition) => log.partition(partition).nextSeq > end);
    };
    const poisoned = await partitionOf("oven");
    let other = "pump";
    while ((await partitionOf(other)) === poisoned) other = `${other}-again`;
    const condition = "amqp:decode-error";
    hub.hub.faults.refusePartition(poisoned, { condition, description: "What is this?" });
    await append(buffer, 1, 2, "oven");
    for (let i = 1; uplink.status().setAside === 0; i++) await append(buffer, i, i + 1, other);
    hub.hub.faults.clear();
    await append(buffer, 2, 3, "oven");
    await untilEmpty(buffer);
    expect(buffer.status().droppedReadings).toBe(1);
    expect(alarms).toMatchObject([{ rule: "uplink-rejected", state: "active" }]);
    expect(alarms[0]!.message).toContain("refused 5 times while others passed");
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
