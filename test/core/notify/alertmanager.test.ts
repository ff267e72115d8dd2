import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { systemClock } from "#core/clock.ts";
import { AlertmanagerMirror } from "#core/notify/alertmanager.ts";
import { startHttpReceiver } from "#test/support/http-receiver.ts";
import { MANUAL_CLOCK_START_MS, ManualClock } from "#test/support/manual-clock.ts";
import { peerTest } from "#test/support/peer.ts";
import { until } from "#test/support/until.ts";
import { alertmanager, alertsOf, example, startAlertmanager } from "./alertmanager-server.ts";
import { failureOf } from "./failure-of.ts";
import { madeNotice, madeState, PLANT } from "./made-notice.ts";

const run = promisify(execFile);
const never = new AbortController().signal;
function now(changes: Parameters<typeof madeState>[0]): ReturnType<typeof madeState> {
  return madeState(changes, { activeSince: systemClock.now() - 1000 });
}

const hot = { tag: "hot", rule: "limit-hh", priority: "critical" } as const;
const odd = { tag: "odd", rule: "anomaly", priority: "medium" } as const;
const idle = { tag: "idle", rule: "anomaly", priority: "low" } as const;

describe("Debian's Alertmanager", () => {
  const peers = [alertmanager];

  peerTest("takes our example for its configuration", peers, async () => {
    const { stdout } = await run("amtool", ["check-config", example]);
    expect(stdout).toContain("SUCCESS");
  });

  peerTest("routes by priority, and tells of the end", peers, async () => {
    const receiver = await startHttpReceiver();
    const url = await startAlertmanager(receiver.url);
    const mirror = new AlertmanagerMirror({ urls: [`${url}/`] }, PLANT, systemClock);
    const press = { ...odd, device: "press-1" };
    await mirror.show([now(hot), now(press), now(idle)], never);
    await receiver.has(2);
    const sent = new Map(receiver.received.map(({ path, body }) => [path, JSON.parse(body)]));
    expect([...sent.keys()].toSorted()).toEqual(["/on-call", "/shift"]);
    expect(sent.get("/on-call")).toMatchObject({
      version: "4",
      status: "firing",
      alerts: [
        {
          labels: {
            alertname: "limit-hh",
            severity: "critical",
            site: "north",
            gateway: "hall-3",
            device: "oven-2",
            tag: "hot",
            source: "penstock",
          },
          annotations: {
            summary: madeNotice().message,
            value: "241.3 °C",
            expected: "240 °C",
            action: "Close the gas valve.",
            runbook_url: "https://wiki.example.com/ovens#hot",
            acknowledge: "penstock alarm ack oven-2/hot/limit-hh",
          },
        },
      ],
    });
    await mirror.show([now(press), now(idle)], never);
    const [, , end] = await receiver.has(3);
    expect(JSON.parse(end?.body ?? "")).toMatchObject({ receiver: "on-call", status: "resolved" });
  });

  peerTest("inhibits by the example's rule, and respects a silence", peers, async () => {
    const receiver = await startHttpReceiver();
    const url = await startAlertmanager(receiver.url);
    const silence = ["silence", "add", "device=press-1", "--comment=works", "--author=A"];
    await run("amtool", [`--alertmanager.url=${url}`, ...silence]);
    const mirror = new AlertmanagerMirror({ urls: [url] }, PLANT, systemClock);
    const silenced = { ...odd, tag: "silenced", device: "press-1" };
    const elsewhere = { ...odd, tag: "elsewhere", device: "press-2" };
    // What inhibits comes first: Alertmanager promises nothing about what comes together.
    await mirror.show([now(hot)], never);
    await receiver.has(1);
    await mirror.show([now(hot), now(odd), now(silenced), now(elsewhere)], never);
    await receiver.has(2);
    let alerts = await alertsOf(url);
    await until(async () => {
      alerts = await alertsOf(url);
      return [...alerts.values()].every(({ status }) => status.state !== "unprocessed");
    });
    expect(alerts.get("hot")?.status).toMatchObject({ state: "active", inhibitedBy: [] });
    expect(alerts.get("odd")?.status.inhibitedBy).toHaveLength(1);
    expect(alerts.get("silenced")?.status.silencedBy).toHaveLength(1);
    expect(alerts.get("elsewhere")?.status.state).toBe("active");
    const told = receiver.received.flatMap(({ body }) => JSON.parse(body).alerts);
    expect(new Set(told.map(({ labels }) => labels.tag))).toEqual(new Set(["elsewhere", "hot"]));
    expect(told).toHaveLength(2);
  });
});

describe("what Alertmanager is sent", () => {
  const start = MANUAL_CLOCK_START_MS;

  test("lasts for four minutes unless it comes again, and ends when the alarm does", async () => {
    const [receiver, clock] = [await startHttpReceiver(), new ManualClock()];
    const mirror = new AlertmanagerMirror({ urls: [receiver.url], token: "t" }, PLANT, clock);
    await mirror.show([madeState()], never);
    await clock.advance(60_000);
    await mirror.show([], never);
    await mirror.show([], never);
    const sent = receiver.received.map(({ body }) => JSON.parse(body));
    const labels = { alertname: "limit-hh", device: "oven-2" };
    const startsAt = new Date(start - 2000).toISOString();
    const until4 = new Date(start + 240_000).toISOString();
    expect(sent[0]).toMatchObject([{ labels, startsAt, endsAt: until4 }]);
    expect(sent[1]).toMatchObject([
      { labels, startsAt, endsAt: new Date(start + 60_000).toISOString() },
    ]);
    expect(sent[2]).toEqual([]);
    expect(receiver.received[0]?.headers.authorization).toBe("Bearer t");
  });

  test("begins at a time that it takes, whatever clock a device has", async () => {
    const receiver = await startHttpReceiver();
    const mirror = new AlertmanagerMirror({ urls: [receiver.url] }, PLANT, new ManualClock());
    const times = [1e300, -1e300, start + 3_600_000, start - 5];
    const states = times.map((activeSince, i) => madeState({ tag: `t${i}` }, { activeSince }));
    await mirror.show(states, never);
    const sent: { startsAt: string }[] = JSON.parse((await receiver.first()).body);
    expect(sent.map(({ startsAt }) => Date.parse(startsAt))).toEqual([start, 0, start, start - 5]);
  });

  test("ends also where nobody knows whether its begin arrived", async () => {
    const receiver = await startHttpReceiver();
    const mirror = new AlertmanagerMirror({ urls: [receiver.url] }, PLANT, new ManualClock());
    receiver.answer((response) => void response.destroy());
    await failureOf(mirror.show([madeState()], never));
    await mirror.show([], never);
    expect(JSON.parse(receiver.received[1]?.body ?? "")).toHaveLength(1);
  });

  test("reaches all members of a cluster, one of which is enough", async () => {
    const [one, two] = [await startHttpReceiver(), await startHttpReceiver()];
    const urls = [one.url, two.url];
    const mirror = new AlertmanagerMirror({ urls }, PLANT, new ManualClock());
    one.answer(500);
    await mirror.show([madeState()], never);
    expect(two.received).toHaveLength(1);
    one.answer(500);
    two.answer(503);
    const failure = await failureOf(mirror.show([madeState()], never));
    expect(failure.message).toBe(
      `${one.url} answered with status 500; ${two.url} answered with status 503`,
    );
  });

  test("is divided, so that no request grows without bound", async () => {
    const receiver = await startHttpReceiver();
    const mirror = new AlertmanagerMirror({ urls: [receiver.url] }, PLANT, new ManualClock());
    const states = Array.from({ length: 1200 }, (_, i) => madeState({ tag: `t${i}` }));
    await mirror.show(states, never);
    const sizes = receiver.received.map(({ body }) => JSON.parse(body).length);
    expect(sizes).toEqual([500, 500, 200]);
  });
});
