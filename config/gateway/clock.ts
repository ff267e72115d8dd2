/** `clock`: when the gateway's own clock is trusted, and what is thought of its devices' clocks. */
import { z } from "zod";
import { durationBetween, HOUR_MS } from "../units.ts";

export const clock = z.strictObject({
  wait: z
    .enum(["auto", "off"])
    .default("auto")
    .describe(
      "`auto`: nothing is sent before the system says that its clock is right, if somebody is set " +
        "up to set it. `off`: it always counts as right.",
    ),
  waitMax: durationBetween(0, 24 * HOUR_MS)
    .prefault("10m")
    .describe("After this time readings go out all the same, flagged `clock unsynced`."),
});
