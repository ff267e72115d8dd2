import { z } from "zod";
import { durationBetween, HOUR_MS } from "../units.ts";

/** How long a silence is too long, in milliseconds, or that nobody minds. */
export const stale = z.union([z.literal("off"), durationBetween(1000, 7 * 24 * HOUR_MS)], {
  error: "a duration from 1s to 7d, such as 30s, or off",
});
