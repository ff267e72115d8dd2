// The trend of one series: the mean of each window as a line, between its lowest and highest value.
import { el, node, timeOf } from "./dom.js";
import uPlot from "./uplot.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Windows wide enough that a few hundred of them fill the picture. */
const SPANS = {
  "3h": { ms: 3 * HOUR_MS, width: "1m", widthMs: 60_000 },
  "24h": { ms: DAY_MS, width: "5m", widthMs: 300_000 },
  "7d": { ms: 7 * DAY_MS, width: "1h", widthMs: HOUR_MS },
  "30d": { ms: 30 * DAY_MS, width: "1h", widthMs: HOUR_MS },
};

const HEIGHT = 260;

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

let chart;
/** What the chart is of; data alone changes while it stays the same. */
let drawn;
let shown;
let span = "3h";

/** Loads and draws it anew; `series` is left out for the one that is shown. */
export async function showTrend(series = shown) {
  if (!series) return;
  shown = series;
  const { gateway, device, tag } = series;
  const { ms, width } = SPANS[span];
  const from = String(Date.now() - ms);
  const query = new URLSearchParams({ gateway, device, tag, width, from });
  const response = await fetch(`api/rollups?${query}`);
  if (!response.ok) throw new Error(`trend: ${response.status}`);
  const lines = (await response.text()).split("\n").filter((line) => line !== "");
  if (shown === series) draw(lines.map((line) => JSON.parse(line)));
}

function draw(rows) {
  const { gateway, device, tag } = shown;
  el("trend").hidden = false;
  el("trend-title").textContent = `${gateway} · ${device} · ${tag}`;
  const { width } = SPANS[span];
  el("trend-note").textContent = `mean, min and max of each ${width}, ${rows.length} windows`;
  for (const button of el("span").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.value === span));
  }
  const what = JSON.stringify([gateway, device, tag, span]);
  if (what === drawn) return chart.setData(columnsOf(rows));
  chart?.destroy();
  chart = new uPlot(optionsFor(el("chart").clientWidth), columnsOf(rows), el("chart"));
  drawn = what;
}

/** A window without readings is a hole in the line. */
function columnsOf(rows) {
  const { widthMs } = SPANS[span];
  const byStart = new Map(rows.map((row) => [row.start, row]));
  const first = rows[0]?.start ?? 0;
  const last = rows.at(-1)?.start ?? -1;
  const starts = [];
  for (let start = first; start <= last; start += widthMs) starts.push(start);
  const column = (name) => starts.map((start) => byStart.get(start)?.[name] ?? null);
  return [starts.map((start) => start / 1000), column("min"), column("max"), column("mean")];
}

/** A canvas knows nothing of the style sheet's variables. */
function colourOf(className) {
  const sample = node("span", "", className);
  el("chart").append(sample);
  const { color } = getComputedStyle(sample);
  sample.remove();
  return color;
}

function optionsFor(width) {
  const [line, quiet] = [colourOf("good"), colourOf("quiet")];
  const grid = "rgb(128 128 128 / 25%)";
  const axis = { stroke: quiet, grid: { stroke: grid }, ticks: { stroke: grid } };
  const edge = { stroke: quiet, width: 0.5, spanGaps: false };
  return {
    width,
    height: HEIGHT,
    scales: { x: { time: true } },
    axes: [
      { ...axis, values: (_chart, ticks) => ticks.map(tickOf) },
      { ...axis, size: 90 },
    ],
    series: [
      { label: "from", value: (_chart, at) => (at === null ? "–" : timeOf(at * 1000)) },
      { ...edge, label: "min" },
      { ...edge, label: "max" },
      { label: "mean", stroke: line, width: 2 },
    ],
    bands: [{ series: [2, 1], fill: "rgb(128 128 128 / 20%)" }],
  };
}

function tickOf(at) {
  return (SPANS[span].ms > DAY_MS ? day : clock).format(at * 1000);
}

export function listenForSpans(onFailure) {
  el("span").addEventListener("click", ({ target }) => {
    if (!(target instanceof HTMLButtonElement)) return;
    span = target.value;
    void showTrend().catch(onFailure);
  });
  window.addEventListener("resize", () => {
    chart?.setSize({ width: el("chart").clientWidth, height: HEIGHT });
  });
}
