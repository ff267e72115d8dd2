import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AgentApi } from "#agent/http/agent-api.ts";
import { silentLogger } from "#core/log.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { until } from "#test/support/until.ts";
import { alarm, entryOf, FakeView, stateOf } from "./fake-view.ts";

const HOST = "127.0.0.1";
let view: FakeView;
let clock: ManualClock;
let api: AgentApi;

beforeEach(async () => {
  view = new FakeView();
  clock = new ManualClock();
  api = new AgentApi({ host: HOST, port: 0, view, clock, log: silentLogger });
  await api.start();
});

afterEach(() => api.stop());

function get(path: string, init?: RequestInit): Promise<Response> {
  return fetch(`http://${HOST}:${api.port}${path}`, init);
}

/** The events of a live connection, as they come. */
async function listen(query = ""): Promise<{ events: [string, unknown][]; end: () => void }> {
  const abort = new AbortController();
  const response = await get(`/api/events${query}`, { signal: abort.signal });
  const events: [string, unknown][] = [];
  void (async () => {
    let text = "";
    for await (const data of response.body!.pipeThrough(new TextDecoderStream())) {
      text += data;
      const frames = text.split("\n\n");
      text = frames.pop() ?? "";
      for (const frame of frames) {
        const match = /^event: (.*)\ndata: (.*)$/.exec(frame);
        if (match) events.push([match[1]!, JSON.parse(match[2]!)]);
      }
    }
  })().catch(() => undefined);
  return { events, end: () => abort.abort() };
}

describe("AgentApi", () => {
  test("is healthy until something keeps the agent from its work, and then says what", async () => {
    const good = await get("/healthz");
    expect([good.status, await good.json()]).toEqual([200, { status: "ok", problems: [] }]);
    view.found = ["the buffer's disk fails"];
    const bad = await get("/healthz");
    expect(bad.status).toBe(503);
    expect(await bad.json()).toEqual({ status: "failing", problems: ["the buffer's disk fails"] });
  });

  test("gives its status and its alarms as JSON", async () => {
    view.raise(alarm(1), alarm(2));
    expect(await (await get("/api/status")).json()).toEqual({ ...view.figures, problems: [] });
    expect(await (await get("/api/alarms")).json()).toEqual({
      active: [alarm(1), alarm(2)],
      states: [stateOf(alarm(1)), stateOf(alarm(2))],
      maintenance: [],
      journal: [entryOf(alarm(2), 2), entryOf(alarm(1), 1)],
    });
  });

  test("gives values by device, search and page, and refuses other numbers", async () => {
    for (let i = 0; i < 1200; i++) view.add(`d${i % 3}`, `t${i}`, i);
    expect(await (await get("/api/values")).json()).toMatchObject({
      total: 1200,
      values: expect.objectContaining({ length: 1000 }),
    });
    const some = await (await get("/api/values?device=d1&search=T10&offset=1&limit=2")).json();
    expect(some).toMatchObject({
      total: 39,
      offset: 1,
      values: [{ tag: "t100" }, { tag: "t1000" }],
    });
    for (const query of ["limit=-1", "limit=1e3", "limit=999999", "offset=x", "offset="]) {
      expect((await get(`/api/values?${query}`)).status).toBe(400);
    }
  });

  test("gives Prometheus every figure, by source where it has one", async () => {
    const response = await get("/metrics");
    expect(response.headers.get("content-type")).toContain("text/plain; version=0.0.4");
    const lines = (await response.text()).split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        "# TYPE penstock_readings_total counter",
        'penstock_readings_total{source="mqtt"} 120',
        'penstock_source_poll_timeouts_total{source="plc-1"} 2',
        'penstock_source_up{source="plc-1",kind="modbus-tcp"} 0',
        "penstock_buffer_disk_bytes 1048576",
        "penstock_buffer_last_sync_duration_ms 1.25",
        "penstock_uplink_connected 1",
        "penstock_intake_not_judged 3",
        "penstock_http_live_pages 0",
        "penstock_alarms_active 1",
        "penstock_alarms_unacknowledged 2",
        "penstock_alarms_shelved 3",
        "penstock_alarms_store_failures_total 5",
        "penstock_agent_healthy 1",
        "process_cpu_seconds_total 1.5",
      ]),
    );
  });

  test("serves a page that may load nothing from elsewhere", async () => {
    const response = await get("/");
    expect(response.headers.get("content-type")).toContain("text/html");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    const page = await response.text();
    expect(page).not.toMatch(/https?:/);
    const files = [...page.matchAll(/(?:src|href)="(?!data:)([^"]+)"/g)].map((match) => match[1]!);
    expect(files.toSorted()).toEqual(["look.css", "page.js"]);
    for (const file of files) expect((await get(`/${file}`)).status).toBe(200);
  });
});

describe("live events", () => {
  test("tell of an alarm at once, without waiting for the next second", async () => {
    view.raise(alarm(1));
    const page = await listen();
    await until(() => page.events.length === 2);
    expect(page.events.splice(0)).toMatchObject([
      ["status", { gateway: "hall-3", problems: [] }],
      ["alarms", { total: 1, active: [{ id: "id-1" }] }],
    ]);
    api.publishAlarm(alarm(2));
    await until(() => page.events.length === 1);
    expect(page.events).toEqual([["alarm", alarm(2)]]);
    page.end();
  });

  test("tell of changed values once a second, only on the page that is open", async () => {
    for (let i = 0; i < 300; i++) view.add("d", `t${String(i).padStart(3, "0")}`);
    const page = await listen("?offset=100&limit=50");
    await until(() => page.events.length === 3);
    expect(page.events.splice(0)[2]).toMatchObject([
      "page",
      { total: 300, offset: 100, values: expect.objectContaining({ length: 50 }) },
    ]);
    view.rows[120] = { ...view.rows[120]!, ts: 2000, value: 9 };
    view.rows[20] = { ...view.rows[20]!, ts: 2000, value: 9 };
    await clock.advance(1000);
    await until(() => page.events.length === 2);
    expect(page.events).toMatchObject([
      ["status", {}],
      ["values", [{ at: 20, tag: "t120", value: 9 }]],
    ]);
    page.end();
  });

  test("show the first of a flood of alarms, and how many there are", async () => {
    view.raise(...Array.from({ length: 5000 }, (_, n) => alarm(n)));
    const page = await listen();
    await until(() => page.events.length === 2);
    expect(page.events[1]).toMatchObject([
      "alarms",
      {
        total: 5000,
        active: expect.objectContaining({ length: 200, 199: expect.objectContaining(alarm(199)) }),
      },
    ]);
    page.end();
  });

  test("cost nothing while nobody listens", async () => {
    view.status = () => {
      throw new Error("nobody asked");
    };
    await clock.advance(10_000);
    expect(clock.waiting).toEqual(["live page"]);
  });
});
