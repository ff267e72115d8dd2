import { readFile } from "node:fs/promises";
import { beforeEach, describe, expect, test } from "vitest";
import type { SinkApi } from "#cloud/http/sink-api.ts";
import type { SqliteStore } from "#cloud/store/sqlite/sqlite-store.ts";
import type { DurationHistogram } from "#core/histogram.ts";
import { entry, stateOf, transition } from "#test/contracts/store-desk.ts";
import {
  block,
  chunkId,
  commit,
  event,
  MINUTE,
  poison,
  readings,
} from "#test/contracts/store-fixtures.ts";
import { startSampleSink } from "./sample-sink.ts";

const HOSTILE = '<img src=x onerror="alert(1)">';

let store: SqliteStore;
let api: SinkApi;
let latency: DurationHistogram;
let problems: string[];

beforeEach(async () => {
  ({ store, api, latency, problems } = await startSampleSink());
});

async function get(path: string): Promise<{ status: number; type: string; text: string }> {
  const response = await fetch(`http://127.0.0.1:${api.port}${path}`);
  const type = response.headers.get("content-type") ?? "";
  return { status: response.status, type, text: await response.text() };
}

async function getJson(path: string): Promise<unknown> {
  return JSON.parse((await get(path)).text);
}

describe("the sink's API", () => {
  test("streams rollups, a row a line, −0 included", async () => {
    const blocks = [block([-0, 2.5]), block([1], MINUTE + 60_000)];
    await commit(store, [event(0, [{ id: chunkId(0), content: readings(...blocks) }])]);
    const { text, type } = await get("/api/rollups?gateway=hall-3&width=1m");
    expect(type).toContain("application/x-ndjson");
    const lines = text.trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0]!)).toEqual({
      gateway: "hall-3",
      device: "oven-2",
      tag: "temperature",
      width: "1m",
      start: MINUTE,
      count: 2,
      bad: 0,
      sum: 2.5,
      exactSum: [2.5],
      min: -0,
      max: 2.5,
      mean: 1.25,
      first: -0,
      last: 2.5,
      firstTs: MINUTE,
      lastTs: MINUTE + 1000,
      revision: 1,
    });
    const later = await get(`/api/rollups?from=${MINUTE + 60_000}`);
    expect(later.text.trimEnd().split("\n")).toHaveLength(1);
    expect((await get("/api/rollups?limit=1")).text.trimEnd().split("\n")).toHaveLength(1);
    expect((await get("/api/rollups?width=1h&device=nothing")).text).toBe("");
  });

  test("answers a wrong query with 400 and the reason", async () => {
    expect(await get("/api/rollups?width=2m")).toMatchObject({ status: 400 });
    expect(await get("/api/rollups?from=yesterday")).toMatchObject({ status: 400 });
    expect(await getJson("/api/rollups?width=2m")).toEqual({ error: "width is 1m, 5m or 1h" });
  });

  test("takes names for data, in the query and in the answer", async () => {
    const content = readings(block([1], MINUTE, HOSTILE, "'; DROP TABLE rollup; --"));
    await commit(store, [event(0, [{ id: chunkId(0), content }])]);
    await store.fold();
    const query = new URLSearchParams({ device: HOSTILE, tag: "'; DROP TABLE rollup; --" });
    const { text } = await get(`/api/rollups?${query.toString()}`);
    expect(JSON.parse(text)).toMatchObject({ device: HOSTILE, count: 1 });
  });

  test("tells its status in the shape that the ledger reads", async () => {
    await commit(store, [
      event(0, [{ id: chunkId(0), content: readings(block([1, null])) }]),
      poison(1, Buffer.from("x")),
    ]);
    latency.record(12, 2);
    expect(await getJson("/api/status")).toMatchObject({
      program: "sink",
      uptimeMs: 5,
      readings: { accepted: 2, bad: 1, duplicates: 0 },
      chunks: { accepted: 1, duplicates: 0, deadLettered: 1 },
      gaps: [],
      partitions: [{ id: "0", sequenceNumber: 7, offset: "70" }],
      latencyMs: { count: 2, max: 12 },
      cpuMs: 6,
      rssBytes: 7,
    });
    expect(await getJson("/api/latency?reset=1")).toMatchObject({ count: 2 });
    expect(await getJson("/api/latency")).toMatchObject({ count: 0 });
    expect(await getJson("/api/dead-letters")).toMatchObject([{ code: "CHUNK_MALFORMED" }]);
  });

  test("says on /healthz whether it can do its work, and what keeps it from it", async () => {
    const healthy = { status: "ok", connected: true, problems: [] };
    expect(await getJson("/healthz")).toEqual(healthy);
    problems.push("the database failed: gone");
    const { status, text } = await get("/healthz");
    expect(status).toBe(503);
    expect(JSON.parse(text)).toEqual({ ...healthy, status: "failing", problems });
  });

  test("lists alarms by gateway, device, priority and state, and what happened to them", async () => {
    const lease = await store.desk.claim("desk-1", 60_000);
    if (!lease) throw new TypeError("somebody else keeps the alarms");
    const [high, low] = [stateOf("high"), stateOf("low")];
    const states = [
      { ...low, raised: { ...low.raised, priority: "low" as const }, isAcknowledged: true },
      high,
      { ...stateOf("normal"), isActive: false, isAcknowledged: true },
    ];
    await store.desk.commit(lease, { alarms: { states, journal: [entry(1, "high")] } });
    await store.raise(transition("t1"));
    const keys = async (query: string): Promise<unknown[]> => {
      const listed: { key: string }[] = JSON.parse((await get(`/api/alarms?${query}`)).text);
      return listed.map(({ key }) => key);
    };
    expect(await keys("")).toEqual(["high", "low"]);
    expect(await keys("priority=low")).toEqual(["low"]);
    expect(await keys("state=unacknowledged&gateway=hall-3&device=oven-2")).toEqual(["high"]);
    expect(await keys("gateway=hall-4")).toEqual([]);
    expect(await get("/api/alarms?state=loud")).toMatchObject({ status: 400 });
    expect(await getJson("/api/alarms/journal?key=high")).toMatchObject([{ id: 1 }]);
    expect(await getJson("/api/alarms/transitions")).toMatchObject([{ id: "t1" }]);
    expect(await getJson("/api/alarms/maintenance")).toEqual([]);
    const { text } = await get("/metrics");
    expect(text).toContain('penstock_sink_alarms_active{priority="high"} 1');
    expect(text).toContain("penstock_sink_alarms_unacknowledged 1");
    expect(text).toContain("penstock_sink_alarm_desk_lag 1");
    expect(text).toContain("penstock_sink_alarm_transitions_given_up_total 0");
    expect(await getJson("/api/status")).toMatchObject({
      alarmDesk: { isHeld: true, unacknowledged: 1, notices: 0, transitions: 1, givenUp: 0 },
    });
  });

  test("serves metrics that name what they count", async () => {
    const { text, type } = await get("/metrics");
    expect(type).toContain("text/plain");
    expect(text).toContain('penstock_sink_readings_total{outcome="good"} 0');
    expect(text).toContain("penstock_sink_connected 1");
  });

  test("serves a page that shows data as text only, and loads nothing from elsewhere", async () => {
    const page = await get("/");
    expect(page).toMatchObject({ status: 200, type: expect.stringContaining("text/html") });
    expect(page.text).not.toMatch(/https?:\/\//);
    const script = await get("/page.js");
    expect(script).toMatchObject({ status: 200, type: expect.stringContaining("text/javascript") });
    expect(script.text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write/);
    const shipped = new URL("../../../cloud/http/page/page.js", import.meta.url);
    expect(script.text).toBe(await readFile(shipped, "utf8"));
  });
});
