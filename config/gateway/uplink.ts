/** `uplink`: the way to the cloud. */
import { z } from "zod";
import { eventHubs } from "../shared.ts";
import { durationBetween } from "../units.ts";

export const uplink = z.strictObject({
  eventHubs: eventHubs.describe("Where readings are sent to."),
  linger: durationBetween(0, 60_000)
    .prefault("20ms")
    .describe("Wait this long for more readings before an event is sent: latency against events."),
});
