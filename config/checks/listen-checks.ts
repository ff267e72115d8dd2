/** Two servers cannot listen on one port. */
import { mappingOf, type RawMapping, textOf } from "../yaml/raw.ts";
import type { Outline, Path, Problem } from "../yaml/yaml-tree.ts";

const EVERYWHERE = new Set(["0.0.0.0", "[::]"]);

interface Listener {
  readonly path: Path;
  readonly host: string;
  readonly port: number;
}

export function checkListenPorts(file: RawMapping, outline: Outline): Problem[] {
  const mqtt = mappingOf(file["mqtt"]);
  const listeners = [
    ...("broker" in mqtt ? listenerAt(file, ["mqtt", "broker", "listen"], "127.0.0.1:1883") : []),
    ...listenerAt(file, ["http", "listen"], "127.0.0.1:8080"),
  ];
  return listeners.flatMap((listener, i) => {
    const other = listeners.slice(0, i).find((earlier) => collide(earlier, listener));
    return other ? [clash(listener, other, outline)] : [];
  });
}

function listenerAt(file: RawMapping, path: Path, fallback: string): Listener[] {
  let value: unknown = file;
  for (const step of path) value = mappingOf(value)[step];
  const text = value === undefined ? fallback : textOf(value);
  const match = /^([^\s:]+):(\d{1,5})$/.exec(text ?? "");
  return match ? [{ path, host: match[1] ?? "", port: Number(match[2]) }] : [];
}

function collide(a: Listener, b: Listener): boolean {
  const sameHost = a.host === b.host || EVERYWHERE.has(a.host) || EVERYWHERE.has(b.host);
  return a.port === b.port && a.port !== 0 && sameHost;
}

/** Shown where the technician has written something: the other one may be a default. */
function clash(a: Listener, b: Listener, outline: Outline): Problem {
  const [shown, other] = outline.has(a.path) ? [a, b] : [b, a];
  const place = outline.has(other.path) ? outline.placeOf(other.path) : "by default";
  const message = `port ${shown.port} is that of ${other.path.join(".")} too (${place})`;
  return { path: shown.path, on: "value", message, suggestion: "choose another port" };
}
