/**
 * Prints what becomes of times on a gateway, and in the sink, over the night in which clocks are put
 * forward and the one in which they are put back. Its zone is the environment's; with an argument it
 * changes to that zone halfway.
 */
import { timeOf } from "#agent/commands/detect/history-row.ts";
import { readTime } from "#agent/sources/payload/time-stamp.ts";
import { windowStart } from "#cloud/rollup/window.ts";
import { gatewaySchema } from "#config/gateway.ts";

const QUARTER_MS = 15 * 60_000;
const WIDTHS = [60_000, 300_000, 3_600_000];
const NIGHTS = ["2026-03-28T22:00:00Z", "2026-10-24T22:00:00Z"].map((text) => Date.parse(text));

const [zone] = process.argv.slice(2);

const rows = NIGHTS.flatMap((nightMs, night) => {
  // oxlint-disable-next-line no-restricted-properties -- the zone of a process is changed so
  if (night === 1 && zone !== undefined) process.env["TZ"] = zone;
  return Array.from({ length: 24 }, (_, i) => {
    const ts = nightMs + i * QUARTER_MS;
    const text = new Date(ts).toISOString();
    const minutes = text.slice(0, 16);
    return {
      sent: [text, `${minutes}Z`, `${minutes}+02:00`, `${minutes}-0500`, minutes, ts].map((given) =>
        readTime(given, nightMs),
      ),
      history: [minutes, minutes.replace("T", " "), text.slice(0, 10), text, "10/25/2026"].map(
        timeOf,
      ),
      windows: WIDTHS.map((widthMs) => windowStart(ts, widthMs)),
    };
  });
});

const { devices } = gatewaySchema.parse({
  version: 1,
  gateway: "g",
  devices: { a: { every: "15m" } },
});
process.stdout.write(JSON.stringify({ rows, every: devices["a"]?.every }));
