// The gateway's page: what is wrong, where readings come from, and the newest of each series.
import { el, node, replaceChildren, sparkline, timeOf } from "./dom.js";

const ROWS = 100;
/** Wait for a pause in typing before asking for another page. */
const TYPING_MS = 250;

const alarms = new Map();
let hiddenAlarms = 0;
let offset = 0;
let total = 0;
let events;
let typing;

function duration(ms) {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.floor(ms / 1000)} s`;
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}

function words(name) {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ")
    .toLowerCase();
}

function figure(name, value) {
  if (typeof value !== "number") return String(value);
  if (name.endsWith("At")) return timeOf(value);
  if (name.endsWith("Bytes")) return `${(value / 1048576).toFixed(1)} MiB`;
  if (name.endsWith("Ms")) return value > 60_000 ? duration(value) : `${value.toFixed(1)} ms`;
  return value.toLocaleString(undefined, { maximumFractionDigits: 3 });
}

/** Nested figures, flat: [words, text]. */
function figures(object, path = []) {
  return Object.entries(object ?? {}).flatMap(([name, value]) => {
    const here = [...path, words(name.replace(/(Bytes|Ms)$/, ""))];
    if (value === null || value === undefined) return [];
    if (Array.isArray(value)) return [[here.join(" "), `${value.length}`]];
    return typeof value === "object"
      ? figures(value, here)
      : [[here.join(" "), figure(name, value)]];
  });
}

function showFigures(list, object) {
  const items = figures(object).flatMap(([name, text]) => [node("dt", name), node("dd", text)]);
  list.replaceChildren(...items);
}

function showHealth(problems) {
  const good = problems.length === 0;
  el("health").textContent = good ? "healthy" : "needs attention";
  el("health").className = `badge ${good ? "good" : "bad"}`;
  el("problems").hidden = good;
  el("problems").replaceChildren(...problems.map((problem) => node("li", problem, "bad")));
}

function sourceRow(source, bySource) {
  const row = node("tr");
  const state = node("td", source.state, `wraps ${source.state === "running" ? "good" : "warn"}`);
  if (source.detail) state.append(node("div", source.detail, "quiet"));
  const stored = bySource[source.name];
  const count = stored === undefined ? "" : figure("", stored);
  row.append(node("td", source.name), node("td", source.kind), state);
  row.append(node("td", count, "number"), countersCell(source));
  return row;
}

const opened = new Set();

/** What has happened; what has not happened once is there for whoever asks. */
function countersCell({ name, counters }) {
  const cell = node("td", undefined, "quiet wraps");
  const entries = Object.entries(counters);
  const happened = entries.filter(([, value]) => value !== 0);
  const all = node("details");
  all.open = opened.has(name);
  all.addEventListener("toggle", () => (all.open ? opened.add(name) : opened.delete(name)));
  const summary = node("summary", listed(happened));
  summary.dataset.key = name;
  all.append(summary, node("div", listed(entries)));
  cell.append(all);
  return cell;
}

function listed(counters) {
  return counters.map(([name, value]) => `${words(name)} ${figure("", value)}`).join(", ") || "–";
}

function showStatus(status) {
  document.title = `${status.gateway} · Penstock`;
  el("gateway").textContent = status.gateway;
  el("uptime").textContent = `up ${duration(status.uptimeMs)}`;
  showHealth([...status.problems, ...(status.configuration?.faults ?? [])]);
  const rows = status.sources.map((source) => sourceRow(source, status.readings.bySource));
  replaceChildren(el("sources"), rows);
  el("no-sources").hidden = rows.length > 0;
  showFigures(el("buffer"), status.buffer);
  showFigures(el("uplink"), status.uplink);
  el("no-uplink").hidden = el("uplink").children.length > 0;
}

function keyOf({ device, tag, rule }) {
  return JSON.stringify([device, tag, rule]);
}

const SEVERITY = { critical: "bad", high: "bad", medium: "warn", low: "" };

/** What people have done about it, or why it is quiet; empty for nothing. */
function howItStands(alarm) {
  if (alarm.suppressedBy !== undefined) return `because of ${alarm.suppressedBy}`;
  if (alarm.isOutOfService) return "out of service";
  if (alarm.shelvedUntil !== undefined) return `shelved until ${timeOf(alarm.shelvedUntil)}`;
  if (alarm.acknowledgedBy !== undefined) return `acknowledged by ${alarm.acknowledgedBy}`;
  return alarm.isAcknowledged === false ? "unacknowledged" : "";
}

function alarmItem(alarm) {
  const item = node("li", undefined, SEVERITY[alarm.priority]);
  item.append(node("strong", alarm.priority), node("span", alarm.message));
  if (alarm.points?.length > 1) item.append(sparkline(alarm.points));
  const how = howItStands(alarm);
  if (how !== "") item.append(node("em", how));
  item.append(node("time", timeOf(alarm.ts)));
  return item;
}

const RANK = ["critical", "high", "medium", "low"];

function showAlarms() {
  const list = [...alarms.values()].toSorted(
    (a, b) => RANK.indexOf(a.priority) - RANK.indexOf(b.priority) || b.ts - a.ts,
  );
  el("alarm-count").textContent = String(list.length + hiddenAlarms);
  el("no-alarms").hidden = list.length > 0;
  const items = list.map(alarmItem);
  if (hiddenAlarms > 0) items.push(node("li", `and ${hiddenAlarms} more`));
  el("alarms").replaceChildren(...items);
}

function onAlarms(known) {
  alarms.clear();
  for (const alarm of known.active) alarms.set(keyOf(alarm), alarm);
  hiddenAlarms = known.total - known.active.length;
  showAlarms();
}

function onAlarm(alarm) {
  const key = keyOf(alarm);
  if (alarm.state === "active") alarms.set(key, alarm);
  else if (!alarms.delete(key) && hiddenAlarms > 0) hiddenAlarms -= 1;
  showAlarms();
}

function fillRow(row, value) {
  const good = value.quality === "good";
  const quality = value.reason ? `${value.quality}: ${value.reason}` : value.quality;
  row.replaceChildren(
    node("td", value.device),
    node("td", value.tag),
    node("td", value.value === null ? "–" : String(value.value), "number"),
    node("td", value.unit ?? ""),
    node("td", value.ts === null ? "" : quality, good ? "good" : "bad"),
    node("td", timeOf(value.ts)),
  );
}

function noneFound() {
  return el("search").value === "" ? "none yet" : "none found";
}

function showPage(page) {
  total = page.total;
  el("value-count").textContent = total.toLocaleString();
  const rows = page.values.map((value) => {
    const row = node("tr");
    fillRow(row, value);
    return row;
  });
  el("values").replaceChildren(...rows);
  const last = offset + rows.length;
  el("range").textContent = rows.length === 0 ? noneFound() : `${offset + 1}–${last} of ${total}`;
  el("previous").disabled = offset === 0;
  el("next").disabled = last >= total;
}

function showChanges(changes) {
  const rows = el("values").children;
  for (const change of changes) if (rows[change.at]) fillRow(rows[change.at], change);
}

function listen() {
  events?.close();
  const query = new URLSearchParams({ search: el("search").value, offset, limit: ROWS });
  events = new EventSource(`api/events?${query}`);
  const on = (name, show) => events.addEventListener(name, (event) => show(JSON.parse(event.data)));
  on("status", showStatus);
  on("alarms", onAlarms);
  on("alarm", onAlarm);
  on("page", showPage);
  on("values", showChanges);
  events.addEventListener("error", () => {
    el("health").textContent = "no connection, trying again …";
    el("health").className = "badge warn";
  });
}

function turnTo(place) {
  offset = Math.max(0, place);
  listen();
}

el("search").addEventListener("input", () => {
  clearTimeout(typing);
  typing = window.setTimeout(() => turnTo(0), TYPING_MS);
});
el("filter").addEventListener("submit", (event) => event.preventDefault());
el("previous").addEventListener("click", () => turnTo(offset - ROWS));
el("next").addEventListener("click", () => turnTo(offset + ROWS));
listen();
