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
  maxAhead: durationBetween(1000, 24 * HOUR_MS)
    .prefault("5m")
    .describe("A published time further ahead of the gateway's is `uncertain`, `clock ahead`."),
  maxBehind: durationBetween(60_000, 400 * 24 * HOUR_MS)
    .optional()
    .describe("A published time further behind is `uncertain`, `clock behind`; if left out, none."),
});
