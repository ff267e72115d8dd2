/** A curve of letters, for mails and terminals. */
const BLOCKS = "▁▂▃▄▅▆▇█";
const MIDDLE = "▄";
const POINTS_MAX = 30;

/** Of the last 30 points, from the least to the greatest of them; a gap for what is no number. */
export function sparkline(points: readonly number[]): string {
  const shown = points.slice(-POINTS_MAX);
  const numbers = shown.filter(Number.isFinite);
  const low = Math.min(...numbers);
  const span = Math.max(...numbers) - low;
  return shown.map((point) => blockOf(point, low, span)).join("");
}

function blockOf(point: number, low: number, span: number): string {
  if (!Number.isFinite(point)) return " ";
  if (span === 0) return MIDDLE;
  // Halved, so that the greatest numbers there are have a span, too.
  const share = Number.isFinite(span)
    ? (point - low) / span
    : (point / 2 - low / 2) / Number.MAX_VALUE;
  return BLOCKS.charAt(Math.min(BLOCKS.length - 1, Math.floor(share * BLOCKS.length)));
}
