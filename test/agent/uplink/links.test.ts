import { describe, expect, test, vi } from "vitest";
import {
  append,
  receive,
  startHub,
  startLink,
  startUplink,
  untilCode,
  untilEmpty,
  upTo,
  valuesIn,
  WAIT,
} from "./support.ts";

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
