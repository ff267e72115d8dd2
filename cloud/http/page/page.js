// The sink's first page. Everything that came over the wire goes in as text, never as markup.
const ROWS_MAX = 200;
const ALARMS_MAX = 50;
const TABLES_EVERY_MS = 5000;
const RECENT_MS = 120_000;

const byId = (id) => document.getElementById(id);
const figure = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const value = new Intl.NumberFormat("en", { maximumSignificantDigits: 6 });

function rowOf(cells, className = "") {
  const row = document.createElement("tr");
  row.className = className;
  for (const cell of cells) row.insertCell().textContent = String(cell ?? "–");
  return row;
}

function show(id, rows) {
  byId(id).replaceChildren(...rows);
}

function timeOf(ms) {
  return ms === undefined || ms === null
    ? "–"
    : new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}

function valueOf(any) {
  return typeof any === "number" ? value.format(any) : any;
}

let before;

function showStatus(status) {
  const now = performance.now();
  const rate = before
    ? ((status.readings.accepted - before.accepted) * 1000) / Math.max(1, now - before.at)
    : 0;
  before = { accepted: status.readings.accepted, at: now };
  const figures = {
    "Readings a second": figure.format(rate),
    "Readings accepted": figure.format(status.readings.accepted),
    "of them bad": figure.format(status.readings.bad),
    "Copies dropped": figure.format(status.readings.duplicates),
    "Latency p50": `${figure.format(status.latencyMs.p50)} ms`,
    "Latency p99": `${figure.format(status.latencyMs.p99)} ms`,
    "Lost gaps": figure.format(status.gaps.length),
    "Dead letters": figure.format(status.chunks.deadLettered),
  };
  byId("figures").replaceChildren(
    ...Object.entries(figures).map(([name, text]) => {
      const group = document.createElement("div");
      group.append(
        Object.assign(document.createElement("dt"), { textContent: name }),
        Object.assign(document.createElement("dd"), { textContent: text }),
      );
      return group;
    }),
  );
  byId("state").textContent = status.connected ? "reading from the hub" : "the hub is away";
  return status.watermarks;
}

function showGateways(devices, watermarks) {
  const gateways = new Map(
    watermarks.map(({ gateway }) => [gateway, { devices: new Set(), series: 0 }]),
  );
  for (const { gateway, device } of devices) {
    const entry = gateways.get(gateway) ?? { devices: new Set(), series: 0 };
    entry.devices.add(device);
    entry.series += 1;
    gateways.set(gateway, entry);
  }
  const upTo = new Map(watermarks.map(({ gateway, watermarkMs }) => [gateway, watermarkMs]));
  show(
    "gateways",
    [...gateways].map(([name, entry]) =>
      rowOf([name, entry.devices.size, entry.series, timeOf(upTo.get(name))]),
    ),
  );
}

async function getJson(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

async function showAlarms() {
  const alarms = await getJson(`api/alarms?limit=${ALARMS_MAX}`);
  show(
    "alarms",
    alarms.map((alarm) => {
      const { device, tag, message, priority } = alarm.raised;
      const state = `${alarm.isActive ? "active" : "over"}, ${standingOf(alarm)}`;
      return rowOf(
        [timeOf(alarm.activeSince), alarm.gateway, device, tag, priority, state, message],
        alarm.isActive ? "active" : "cleared",
      );
    }),
  );
}

function standingOf({ shelved, outOfService, suppressedBy, isAcknowledged, acknowledged }) {
  if (outOfService) return `out of service (${outOfService.by})`;
  if (shelved) return `shelved until ${timeOf(shelved.until)} (${shelved.by})`;
  if (suppressedBy) return `explained by ${suppressedBy}`;
  if (!isAcknowledged) return "unacknowledged";
  return acknowledged ? `acknowledged (${acknowledged.by})` : "acknowledged";
}

async function showRows() {
  const query = new URLSearchParams({
    width: "1m",
    from: String(new Date().getTime() - RECENT_MS),
    limit: String(ROWS_MAX),
  });
  for (const [name, text] of new FormData(byId("filter"))) if (text) query.set(name, text);
  const response = await fetch(`api/rollups?${query}`);
  const lines = (await response.text()).split("\n").filter((line) => line !== "");
  show(
    "rows",
    lines.map((line) => {
      const row = JSON.parse(line);
      return rowOf([
        timeOf(row.start),
        row.gateway,
        row.device,
        row.tag,
        row.count,
        row.bad,
        valueOf(row.mean),
        valueOf(row.min),
        valueOf(row.max),
        valueOf(row.last),
      ]);
    }),
  );
  byId("more").textContent =
    lines.length === ROWS_MAX ? `The first ${ROWS_MAX} rows: filter to see others.` : "";
}

let watermarks = [];

async function refresh() {
  try {
    showGateways(await getJson("api/devices"), watermarks);
    await showAlarms();
    await showRows();
  } catch (error) {
    byId("state").textContent = `the sink does not answer (${error.message})`;
  }
}

const live = new EventSource("api/events");
live.addEventListener("status", (event) => {
  watermarks = showStatus(JSON.parse(event.data));
});
live.addEventListener("alarm", () => void showAlarms().catch(() => {}));
live.addEventListener("error", () => {
  byId("state").textContent = "the sink does not answer";
});
byId("filter").addEventListener("input", () => void refresh());
byId("filter").addEventListener("submit", (event) => event.preventDefault());
window.setInterval(() => void refresh(), TABLES_EVERY_MS);
void refresh();

// Marks this file as a module: its names are its own, for checkers as well as for browsers.
export {};
