// What the pages of gateway and sink share. Whatever came from outside is set as text, never as markup.

export const el = (id) => document.getElementById(id);

export function node(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** Puts new children in the old ones' place; what had the focus has it again, found by its key. */
export function replaceChildren(parent, children) {
  const { activeElement } = document;
  const key = parent.contains(activeElement) ? activeElement.dataset.key : undefined;
  parent.replaceChildren(...children);
  if (key === undefined) return;
  const keyed = [...parent.querySelectorAll("[data-key]")];
  keyed.find(({ dataset }) => dataset.key === key)?.focus({ preventScroll: true });
}

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

const DATE_MS_MAX = 8.64e15;

/** A hostile reading may be of a time that no calendar has. */
export function timeOf(ts) {
  if (typeof ts !== "number") return "never";
  return Math.abs(ts) <= DATE_MS_MAX ? dateTime.format(ts) : String(ts);
}

const SVG = "http://www.w3.org/2000/svg";
const SPARK_WIDTH = 90;
const SPARK_HEIGHT = 18;

/** A small picture of the last values, newest at the right. */
export function sparkline(points) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("class", "spark");
  picture.setAttribute("viewBox", `0 0 ${SPARK_WIDTH} ${SPARK_HEIGHT}`);
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", `the last ${points.length} values`);
  const low = Math.min(...points);
  const span = Math.max(...points) - low || 1;
  const step = (SPARK_WIDTH - 2) / Math.max(1, points.length - 1);
  const line = document.createElementNS(SVG, "polyline");
  const places = points.map((value, at) => {
    const y = 1 + (1 - (value - low) / span) * (SPARK_HEIGHT - 2);
    return `${(1 + at * step).toFixed(1)},${y.toFixed(1)}`;
  });
  line.setAttribute("points", places.join(" "));
  picture.append(line);
  return picture;
}
