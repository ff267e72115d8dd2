/**
 * The sink's YAML file: the one source of its types, its defaults, its JSON Schema and its page of
 * documentation. Every key says what it means; `node config/generate.ts` after a change.
 */
import { z } from "zod";
import { eventHubsSource } from "./event-hubs.ts";
import { listen, logLevel, version } from "./plain-keys.ts";
import { sinkAlarms } from "./sink/alarms.ts";
import { durationBetween } from "./units.ts";

const sqlite = z.strictObject({
  sqlite: z
    .string()
    .min(1)
    .describe("Folder of the embedded database, for one sink; made if missing."),
});

const postgres = z.strictObject({
  postgres: z
    .string()
    .regex(/^postgres(ql)?:\/\//, { error: "expected postgres://USER:PASSWORD@HOST/DATABASE" })
    .describe("Address of a PostgreSQL database that several sinks may share. As `!secret NAME`."),
});

const store = z.union([sqlite, postgres]);

const http = z.strictObject({
  listen: listen.prefault("127.0.0.1:8081").describe("Address and port of the API and metrics."),
});

export const sinkSchema = z.strictObject({
  version: version.describe("Of the file's shape: 1."),
  log: logLevel,
  source: eventHubsSource.describe("Where readings are received from."),
  store: store
    .prefault({ sqlite: "data/sink" })
    .describe("Where rollups, positions and alarms are kept."),
  foldEvery: durationBetween(100, 60_000)
    .prefault("15s")
    .describe("Accepted readings are visible at once; their rollup rows are written this often."),
  alarms: sinkAlarms
    .prefault({})
    .describe("What the sink watches over, and who is told of its alarms and its gateways'."),
  http: http.prefault({}).describe("The sink's API."),
});

export type SinkSettings = z.infer<typeof sinkSchema>;
