/** `alarms` of the sink: its rules, its watch over the pipeline itself, and who is told. */
import { z } from "zod";
import { sinkRecipient } from "../alarms/alarm-recipients.ts";
import { alarmPolicy } from "../gateway/alarms.ts";
import { durationBetween, percentBetween } from "../units.ts";
import { alarmRule } from "./alarm-rules.ts";

const off = z.literal("off");

/** On unless switched off: a pipeline that nobody watches fails in silence. */
const pipeline = z.strictObject({
  latency: z
    .union([durationBetween(10, 3_600_000), off])
    .prefault("500ms")
    .describe(
      "Critical above it, for two minutes: p99 of a minute from a reading's time to its being visible, of live data. `off`: not watched.",
    ),
  backlog: z
    .union([z.int().min(1), off])
    .default(1_000_000)
    .describe("Medium above it: readings that wait in the hub, as estimated by its events."),
  errors: z
    .union([percentBetween(0.01, 100), off])
    .prefault("1%")
    .describe("Critical above it: dead letters among all that came within a minute."),
  retention: z
    .union([percentBetween(1, 99), off])
    .prefault("50%")
    .describe("Critical beyond it: how much of what the hub retains still waits to be read."),
});

const settings = {
  rules: z.array(alarmRule).max(200).default([]).describe("What is watched in the data."),
  pipeline: z
    .union([pipeline, off])
    .prefault({})
    .describe("The sink's watch over itself. `off`: none of it."),
  policy: alarmPolicy.prefault({}).describe("How alarms are told and kept."),
};

/** Keys that are no recipients. */
export const SINK_ALARM_SETTINGS: readonly string[] = Object.keys(settings);

/** Recipients stand by their names beside what else there is. */
export const sinkAlarms = z.object(settings).catchall(sinkRecipient);

export type SinkAlarmSettings = z.infer<typeof sinkAlarms>;
export type PipelineSettings = z.infer<typeof pipeline>;
