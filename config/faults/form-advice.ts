/** What somebody meant who left out a part of an address, or wrote another's form of it. */
import { adviceForName } from "./name-advice.ts";
import { listed } from "./unit-advice.ts";

type Advice = (text: string) => string | undefined;

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/** By what the schema says that it expected. */
const FORMS: readonly (readonly [expected: string, advice: Advice])[] = [
  ["HOST:PORT, such as 127.0.0.1", listenAdvice],
  ["http://HOST:PORT", (text) => (SCHEME.test(text) ? undefined : `write http://${text}`)],
  ["a host's name or address", hostAdvice],
  ["a name has 1 to 64", adviceForName],
  ["a serial port is a path", portAdvice],
  [
    "not filled in here",
    () => "write !secret NAME: from secrets.yaml, or from PENSTOCK_SECRET_NAME",
  ],
  ["a host name, such as", (text) => `write ${text.replace(SCHEME, "").replace(/[/:].*$/, "")}`],
  ["a URL such as https://", (text) => `write https://${shownAddress(text)}`],
  ["a time of day, such as", timeAdvice],
  ["a URL such as mqtt://", (text) => `write mqtt://${shownAddress(text)}`],
  ["the name of a Sparkplug group", () => "a name has no /, + or #, such as north"],
  ["a rate with its unit", rateAdvice],
  ["a percentage with its unit", shareAdvice],
  ["expected usb:VENDOR:PRODUCT", () => "`penstock ports` shows the names of those plugged in"],
  ["a port is at most 65535", () => "1024 to 49151 are free for programs such as this"],
  [
    "Endpoint=sb://",
    () => "copy it whole from the portal: Shared access policies, Connection string",
  ],
  ["a comparison with a number", comparisonAdvice],
  ["expected GATEWAY/DEVICE/TAG", seriesAdvice],
  ["this Penstock reads version 1", () => "write version: 1; a newer file needs a newer Penstock"],
];

export function formAdvice(message: string, text: string): string | undefined {
  return FORMS.find(([expected]) => message.includes(expected))?.[1](text);
}

/**
 * Advice gets into logs, and into the alarm that a file has faults: passwords stay out, and so does
 * what stands behind the host, which for many a service is a key.
 */
function shownAddress(text: string): string {
  const [address = ""] = text.replace(SCHEME, "").split(/[?#]/);
  const host = address.replace(/^[^/]*@/, "").replace(/\/+$/, "");
  return host.replace(/\/.*$/, "/…");
}

function listenAdvice(text: string): string | undefined {
  if (/^\d{1,5}$/.test(text)) {
    return `write 127.0.0.1:${text} for this machine alone, or 0.0.0.0:${text} for others as well`;
  }
  if (/^\*:\d{1,5}$/.test(text)) return `write ${text.replace("*", "0.0.0.0")}`;
  return /^[\w.-]+$/.test(text) ? `the port is missing: write ${text}:PORT` : undefined;
}

function hostAdvice(text: string): string | undefined {
  const [host = "", port] = text.replace(SCHEME, "").replace(/\/.*$/, "").split(":");
  if (host === "") return undefined;
  return port === undefined ? `write ${host}` : `write host: ${host}, port: ${port}`;
}

function portAdvice(text: string): string | undefined {
  const quoted = /^[“”„‟«»‘’]+(.*?)[“”„‟«»‘’]+$/u.exec(text)?.[1];
  if (quoted !== undefined) return `write it without these quotes: ${quoted}`;
  if (/^tty\w+$/.test(text)) return `write /dev/${text}`;
  return "`penstock ports` shows those of this machine";
}

function timeAdvice(text: string): string | undefined {
  const [, hour = "", minute = "00"] = /^(\d{1,2})(?:[:.h](\d{2}))?$/.exec(text) ?? [];
  return hour === "" ? undefined : `write ${hour.padStart(2, "0")}:${minute}`;
}

function rateAdvice(text: string): string | undefined {
  if (!/^\d+(?:\.\d+)?$/.test(text)) return undefined;
  return `write ${listed(["kB/s", "MB/s"].map((unit) => text + unit))}`;
}

function shareAdvice(text: string): string | undefined {
  return /^\d+(?:\.\d+)?$/.test(text) ? `write ${text}%` : undefined;
}

function comparisonAdvice(text: string): string | undefined {
  const number = /[-+]?\d+(?:\.\d+)?/.exec(text)?.[0];
  return number === undefined ? undefined : `write "> ${number}" or "< ${number}"`;
}

function seriesAdvice(text: string): string | undefined {
  const parts = text.split("/").filter((part) => part !== "");
  if (parts.length !== 1 && parts.length !== 2) return undefined;
  return `write "${[...["*", "*"].slice(parts.length - 1), ...parts].join("/")}"`;
}
