// The sink's page: what comes in, what is wrong, and how each series went.
import { el, node, replaceChildren, sparkline, timeOf } from "./dom.js";
import { listenForSpans, showTrend } from "./trend.js";

const ROWS_MAX = 200;
const ALARMS_MAX = 50;
const TABLES_EVERY_MS = 5000;
const RECENT_MS = 120_000;

const SEVERITY = { critical: "bad", high: "bad", medium: "warn", low: "" };

const figure = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const value = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 6 });

function valueOf(any) {
  if (any === null || any === undefined) return "–";
  return typeof any === "number" ? value.format(any) : String(any);
}

function rowOf(texts, figures = []) {
  const row = node("tr");
  row.append(...texts.map((text) => node("td", text)));
  row.append(...figures.map((number) => node("td", valueOf(number), "number")));
  return row;
}

function showState(text, severity) {
  el("state").textContent = text;
  el("state").className = `badge ${severity}`;
}

let before;

function rateOf({ accepted }) {
  const now = performance.now();
  const rate = before
    ? ((accepted - before.accepted) * 1000) / Math.max(1, now - before.at)
    : undefined;
  before = { accepted, at: now };
  return rate;
}

function showFigures(status) {
  const rate = rateOf(status.readings);
  const figures = {
    "Readings a second": rate === undefined ? "–" : figure.format(rate),
    "Readings accepted": figure.format(status.readings.accepted),
    "of them bad": figure.format(status.readings.bad),
    "Copies dropped": figure.format(status.readings.duplicates),
    "Latency p50": `${figure.format(status.latencyMs.p50)} ms`,
    "Latency p99": `${figure.format(status.latencyMs.p99)} ms`,
    "Lost gaps": figure.format(status.gaps.length),
    "Dead letters": figure.format(status.chunks.deadLettered),
  };
  const tiles = Object.entries(figures).map(([name, text]) => {
    const tile = node("div");
    tile.append(node("dt", name), node("dd", text));
    return tile;
  });
  el("figures").replaceChildren(...tiles);
}

function showStatus(status) {
  showFigures(status);
  const { problems, connected } = status;
  el("problems").hidden = problems.length === 0;
  el("problems").replaceChildren(...problems.map((problem) => node("li", problem, "bad")));
  if (problems.length > 0) showState("needs attention", "bad");
  else if (connected) showState("reading from the hub", "good");
  else showState("the hub is away", "warn");
  return status.watermarks;
}

function showGateways(devices, marks) {
  const gateways = new Map(
    marks.map(({ gateway }) => [gateway, { devices: new Set(), series: 0 }]),
  );
  for (const { gateway, device } of devices) {
    const entry = gateways.get(gateway) ?? { devices: new Set(), series: 0 };
    entry.devices.add(device);
    entry.series += 1;
    gateways.set(gateway, entry);
  }
  const upTo = new Map(marks.map(({ gateway, watermarkMs }) => [gateway, watermarkMs]));
  const rows = [...gateways].map(([name, entry]) => {
    const row = rowOf([name], [entry.devices.size, entry.series]);
    row.append(node("td", upTo.has(name) ? timeOf(upTo.get(name)) : "–"));
    return row;
  });
  el("gateways").replaceChildren(...rows);
  el("no-gateways").hidden = rows.length > 0;
}

async function get(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}

function standingOf({ shelved, outOfService, suppressedBy, isAcknowledged, acknowledged }) {
  if (outOfService) return `out of service (${outOfService.by})`;
  if (shelved) return `shelved until ${timeOf(shelved.until)} (${shelved.by})`;
  if (suppressedBy) return "explained by another alarm";
  if (!isAcknowledged) return "unacknowledged";
  return acknowledged ? `acknowledged (${acknowledged.by})` : "acknowledged";
}

/** By a click anywhere on `item`, or by keyboard on the button that is returned. */
function choice(item, text, { gateway, device, tag }, key) {
  const button = node("button", text, "link");
  button.type = "button";
  button.dataset.key = key;
  item.classList.add("choice");
  item.addEventListener("click", () => trendOf({ gateway, device, tag }));
  return button;
}

function alarmItem(alarm) {
  const { device, tag, message, priority, points } = alarm.raised;
  const item = node("li", undefined, alarm.isActive ? SEVERITY[priority] : "quiet");
  const series = { gateway: alarm.gateway, device, tag };
  const choose = choice(item, `${alarm.gateway}: ${message}`, series, alarm.key);
  item.append(node("strong", priority), choose);
  if (points && points.length > 1) item.append(sparkline(points));
  const standing = `${alarm.isActive ? "active" : "over"}, ${standingOf(alarm)}`;
  item.append(node("span", standing, "quiet"), node("time", timeOf(alarm.activeSince)));
  return item;
}

async function showAlarms() {
  const alarms = await (await get(`api/alarms?limit=${ALARMS_MAX}`)).json();
  const count = alarms.length === ALARMS_MAX ? `${ALARMS_MAX} or more` : String(alarms.length);
  el("alarm-count").textContent = count;
  el("no-alarms").hidden = alarms.length > 0;
  replaceChildren(el("alarms"), alarms.map(alarmItem));
}

function rollupRow({ start, gateway, device, tag, count, bad, mean, min, max, last }) {
  const row = rowOf([timeOf(start), gateway, device, ""], [count, bad, mean, min, max, last]);
  const key = JSON.stringify([start, gateway, device, tag]);
  row.children[3].append(choice(row, tag, { gateway, device, tag }, key));
  return row;
}

function noteOn(count) {
  if (count === 0) return "No readings of the last two minutes.";
  if (count === ROWS_MAX) return `The first ${ROWS_MAX} rows: filter to see others.`;
  return "Choose a row to see its trend.";
}

async function showRows() {
  const query = new URLSearchParams({
    width: "1m",
    from: String(Date.now() - RECENT_MS),
    limit: String(ROWS_MAX),
  });
  for (const [name, text] of new FormData(el("filter"))) if (text) query.set(name, text);
  const lines = (await (await get(`api/rollups?${query}`)).text()).split("\n");
  const rows = lines.filter((line) => line !== "").map((line) => JSON.parse(line));
  replaceChildren(el("rows"), rows.map(rollupRow));
  el("more").textContent = noteOn(rows.length);
}

function trendOf(series) {
  showTrend(series).then(() => el("trend").scrollIntoView({ block: "nearest" }), showFailure);
}

function showFailure(error) {
  showState(`the sink does not answer (${error.message})`, "warn");
}

let watermarks = [];

async function refresh() {
  try {
    showGateways(await (await get("api/devices")).json(), watermarks);
    await showAlarms();
    await showRows();
    await showTrend();
  } catch (error) {
    showFailure(error);
  }
}

const live = new EventSource("api/events");
live.addEventListener("status", (event) => {
  watermarks = showStatus(JSON.parse(event.data));
});
live.addEventListener("alarm", () => void showAlarms().catch(showFailure));
live.addEventListener("error", () => showState("no connection, trying again …", "warn"));
el("filter").addEventListener("input", () => void refresh());
el("filter").addEventListener("submit", (event) => event.preventDefault());
listenForSpans(showFailure);
window.setInterval(() => void refresh(), TABLES_EVERY_MS);
void refresh();
