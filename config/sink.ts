/** The sink's YAML file: the one source of its types and defaults. */
import { z } from "zod";
import { eventHubsSource, listen, version } from "./shared.ts";
import { durationBetween } from "./units.ts";

const store = z.strictObject({
  /** Folder of the embedded database. */
  sqlite: z.string().default("data/sink"),
});

export const sinkSchema = z.strictObject({
  version,
  log: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
  source: eventHubsSource,
  store: store.prefault({}),
  /** How long accepted readings wait in the journal before their rollup rows are written. */
  foldEvery: durationBetween(100, 60_000).prefault("5s"),
  http: z.strictObject({ listen: listen.prefault("127.0.0.1:8081") }).prefault({}),
});

export type SinkSettings = z.infer<typeof sinkSchema>;
