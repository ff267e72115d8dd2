/** Recipients of alarms against each other, and against the buses that they name. */
import { isLoopback } from "../alarms/loopback.ts";
import { nearest } from "../faults/nearest.ts";
import { name as nameSchema } from "../plain-keys.ts";
import { entriesOf, mappingOf, numberOf, type RawMapping, textOf } from "../yaml/raw.ts";
import type { Outline, Path, Problem } from "../yaml/yaml-tree.ts";
import { unknownBus } from "./device-checks.ts";

const SIGNALS = ["coil", "register"] as const;

export interface RecipientContext {
  /** Keys of a recipient that are a way to it. */
  readonly ways: readonly string[];
  /** Keys of the section that are no recipients. */
  readonly others?: readonly string[];
  /** Of the file; undefined for a sink. */
  readonly buses?: RawMapping;
  readonly outline: Outline;
}

/** @param section `alarms`, as it stands in the file */
export function checkRecipients(section: unknown, context: RecipientContext): Problem[] {
  const { others = [] } = context;
  const recipients = entriesOf(section).filter(([text]) => !others.includes(text));
  const names = recipients.map(([text]) => text);
  const owners = new Map<string, Path>();
  const problems: Problem[] = [];
  for (const [text, recipient] of recipients) {
    const path = ["alarms", text];
    problems.push(
      ...checkName(path, text),
      ...checkWays(path, recipient, context.ways),
      ...checkBackup(path, recipient, names),
      ...checkMail([...path, "mail"], mappingOf(recipient["mail"])),
      ...SIGNALS.flatMap((kind) => checkSignal([...path, kind], recipient, context, owners)),
    );
  }
  return problems;
}

/** The section's schema takes any key that is none of its own. */
function checkName(path: Path, text: string): Problem[] {
  const { success, error } = nameSchema.safeParse(text);
  if (success) return [];
  const message = `"${text}" cannot be a name: ${error.issues[0]?.message ?? "not accepted"}`;
  return [{ path, on: "key", message, suggestion: "choose a plain one, such as shift" }];
}

function checkWays(path: Path, recipient: RawMapping, ways: readonly string[]): Problem[] {
  // One that is misspelt is spoken of already.
  const isMeant = Object.keys(recipient).some((key) => nearest(key, ways) !== undefined);
  if (isMeant) return [];
  const message = `nobody can be told: "${String(path.at(-1))}" has no way to be reached`;
  const suggestion = `give it one or more of these: ${ways.join(", ")}`;
  return [{ path, on: "key", message, suggestion }];
}

function checkBackup(path: Path, recipient: RawMapping, names: readonly string[]): Problem[] {
  const backup = textOf(recipient["backup"]);
  const others = names.filter((name) => name !== path.at(-1));
  if (backup === undefined || others.includes(backup)) return [];
  const at = { path: [...path, "backup"], on: "value" as const };
  if (backup === path.at(-1)) {
    const message = "a recipient that cannot be reached cannot be its own backup";
    return [{ ...at, message, suggestion: "name another one" }];
  }
  const near = nearest(backup, others);
  const known = others.length > 0 ? `the others are: ${others.join(", ")}` : "describe it here too";
  const suggestion = near === undefined ? known : `did you mean "${near}"?`;
  return [{ ...at, message: `there is no recipient "${backup}"`, suggestion }];
}

function checkMail(path: Path, mail: RawMapping): Problem[] {
  const { host, tls, password, user } = mail;
  if (password !== undefined && user === undefined) {
    const message = "a password without a user";
    return [{ path: [...path, "password"], on: "key", message, suggestion: 'add "user: NAME"' }];
  }
  if (tls !== "none" || password === undefined || isLoopback(textOf(host) ?? "")) return [];
  const message = "tls: without it the password goes over the network for everybody to read";
  const suggestion = "write starttls (port 587) or implicit (port 465)";
  return [{ path: [...path, "tls"], on: "value", message, suggestion }];
}

function checkSignal(
  path: Path,
  recipient: RawMapping,
  { buses, outline }: RecipientContext,
  owners: Map<string, Path>,
): Problem[] {
  const kind = path.at(-1) ?? "";
  const signal = mappingOf(recipient[kind]);
  const bus = textOf(signal["bus"]);
  if (!buses || bus === undefined) return [];
  if (!Object.hasOwn(buses, bus)) return [unknownBus(path, bus, buses)];
  if (!("modbus" in mappingOf(buses[bus]))) {
    const message = `bus "${bus}" is no Modbus bus`;
    const suggestion = "lamps and displays are written by Modbus: name such a bus";
    return [{ path: [...path, "bus"], on: "value", message, suggestion }];
  }
  const { unit = 1 } = signal;
  const place = `${bus} ${numberOf(unit)} ${kind} ${numberOf(signal[kind])}`;
  const owner = owners.get(place);
  if (!owner) {
    owners.set(place, path);
    return [];
  }
  const name = String(owner[1]);
  const message = `this ${kind} shows the alarms of "${name}" already (${outline.placeOf(owner)})`;
  const suggestion = "two recipients would switch it against each other: choose another one";
  return [{ path: [...path, kind], on: "value", message, suggestion }];
}
