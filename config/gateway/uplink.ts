/** `uplink`: the way to the cloud. */
import { z } from "zod";
import { eventHubs } from "../event-hubs.ts";
import { durationBetween, percentBetween, sizePerSecond } from "../units.ts";

const backlog = z.strictObject({
  share: percentBetween(5, 100)
    .prefault("50%")
    .describe("At most this much of `bandwidth`, and no more than live data leaves of it."),
});

export const uplink = z.strictObject({
  eventHubs: eventHubs.describe("Where readings are sent to."),
  linger: durationBetween(0, 60_000)
    .prefault("20ms")
    .describe("Wait this long for more readings before an event is sent: latency against events."),
  bandwidth: sizePerSecond
    .prefault("1MB/s")
    .describe(
      "What the link carries, or was bought: one throughput unit is 1MB/s. Measures the backlog; live data is not held back by it.",
    ),
  backlog: backlog
    .prefault({})
    .describe("What an outage left on the disk is sent beside live data, which goes first."),
});
