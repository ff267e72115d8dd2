/** What a notice says to people, in parts: mail and webhook put them together. Pure. */
import type { Notice } from "../alarms/contract.ts";
import { isOfSeveral } from "./notice-id.ts";
import { oneLine } from "./one-line.ts";
import { sparkline } from "./sparkline.ts";

export interface Wording {
  readonly subject: string;
  readonly message: string;
  readonly lines: readonly WordingLine[];
}

export interface WordingLine {
  readonly label: string;
  readonly text: string;
}

const SUBJECT_MAX = 150;
const MEMBERS_SHOWN = 10;

/** @param notice bounded */
export function wordingOf(notice: Notice): Wording {
  const { priority, title, gateway, message, action, runbook, acknowledge } = notice;
  const lines: (WordingLine | undefined)[] = [
    line("Where", placeOf(notice)),
    line("Value", valueOf(notice)),
    timeOf(notice),
    line("Last values", curveOf(notice)),
    line("Also", relatedOf(notice)),
    line("Stands for", membersOf(notice)),
    line("First", action),
    line("Runbook", runbook),
    line("Acknowledge", acknowledge),
  ];
  return {
    subject: oneLine(`${priority.toUpperCase()} ${title} (${gateway})`, SUBJECT_MAX),
    message,
    lines: lines.filter((part) => part !== undefined),
  };
}

/** All of it as plain text. */
export function plainText({ subject, message, lines }: Wording): string {
  const width = Math.max(0, ...lines.map(({ label }) => label.length)) + 1;
  const rows = lines.map(({ label, text }) => `${`${label}:`.padEnd(width)} ${text}`);
  return [subject, "", message, "", ...rows, ""].join("\n");
}

function line(label: string, text: string | undefined): WordingLine | undefined {
  return text === undefined || text === "" ? undefined : { label, text };
}

/** Of several alarms a notice names the place of one. */
function placeOf(notice: Notice): string {
  const { site, gateway } = notice;
  const { device, tag } = isOfSeveral(notice) ? { device: "", tag: "" } : notice;
  return [site, gateway, device, tag]
    .filter((part) => part !== undefined && part !== "")
    .join(" / ");
}

/** Of an alarm that is no matter of values, such as a silent device, the message says all. */
function valueOf(notice: Notice): string | undefined {
  const { rule, value, expected, unit } = notice;
  const isLimit = rule.startsWith("limit");
  const isOfValues = isLimit || unit !== undefined || expected !== 0 || rule === "anomaly";
  if (isOfSeveral(notice) || !isOfValues) return undefined;
  const against = isLimit ? "limit" : "expected";
  return `${quantity(value, unit)} (${against} ${quantity(expected, unit)})`;
}

function timeOf({ kind, since, at }: Notice): WordingLine | undefined {
  if (kind === "test") return undefined;
  const begin = timeText(since);
  const lasted = durationText(at - since);
  if (kind === "cleared") return line("Was active", `${begin} to ${timeText(at)} (${lasted})`);
  return line("Since", kind === "reminder" ? `${begin} (for ${lasted})` : begin);
}

function curveOf({ points = [], unit }: Notice): string | undefined {
  const numbers = points.filter(Number.isFinite);
  if (numbers.length < 2) return undefined;
  const low = quantity(Math.min(...numbers), unit);
  return `${sparkline(points)} (${low} to ${quantity(Math.max(...numbers), unit)})`;
}

function relatedOf({ related = [] }: Notice): string {
  return related
    .map(({ tag, value, unit }) => `${tag} ${value}${unit === undefined ? "" : ` ${unit}`}`)
    .join(" · ");
}

function membersOf({ members, count }: Notice): string | undefined {
  if (members === undefined && count === undefined) return undefined;
  const shown = (members ?? []).slice(0, MEMBERS_SHOWN);
  const total = Math.max(count ?? 0, members?.length ?? 0);
  const more = total > shown.length ? `, and ${total - shown.length} more` : "";
  return `${total} alarms: ${shown.join(", ")}${more}`;
}

/** Six digits are more than any sensor has, and hide what binary fractions leave behind. */
export function quantity(value: number, unit: string | undefined): string {
  const number = String(Number.parseFloat(value.toPrecision(6)));
  return unit === undefined ? number : `${number} ${unit}`;
}

const TIME_MS_MAX = 8.64e15;

/** A clock that was never set may be far off; what no date can tell is told as it is. */
function timeText(ms: number): string {
  if (!(Math.abs(ms) <= TIME_MS_MAX)) return String(ms);
  return new Date(ms)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, " UTC");
}

function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? `${hours} h ${minutes % 60} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
