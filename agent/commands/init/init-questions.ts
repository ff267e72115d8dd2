/** Asks the technician for what a first file needs. Every question has an answer to accept. */
import type { Interface } from "node:readline/promises";
import type { InitBus } from "./init-yaml.ts";

export interface Suggestions {
  readonly gateway: string;
  readonly ports: readonly string[];
  readonly templates: readonly string[];
}

export interface Answered {
  readonly gateway: string;
  readonly bus: InitBus | undefined;
  readonly templates: readonly string[];
}

export async function askForAll(
  terminal: Interface,
  { gateway, ports, templates }: Suggestions,
  signal: AbortSignal,
): Promise<Answered> {
  const ask = async (question: string, fallback: string): Promise<string> => {
    const answer = await terminal.question(`${question} [${fallback}] `, { signal });
    return answer.trim() === "" ? fallback : answer.trim();
  };
  const name = await ask("Name of this gateway", gateway);
  const way = await ask(
    "Devices are on a serial line, by network, or neither (line/network/none)",
    "line",
  );
  if (way !== "line" && way !== "network") return { gateway: name, bus: undefined, templates: [] };
  const bus = way === "line" ? await askForLine(ask, ports) : await askForHost(ask);
  const known = templates.join(", ");
  const wanted = await ask(`Device templates, separated by commas (known: ${known})`, "none");
  return { gateway: name, bus, templates: wanted === "none" ? [] : wanted.split(/\s*,\s*/) };
}

type Ask = (question: string, fallback: string) => Promise<string>;

async function askForLine(ask: Ask, ports: readonly string[]): Promise<InitBus> {
  const [first = "/dev/ttyUSB0", ...others] = ports;
  const more = others.length === 0 ? "" : ` (also there: ${others.join(", ")})`;
  const port = await ask(`Serial port${more}`, first);
  const baud = Number(await ask("Baud rate", "9600"));
  const parity = await ask("Parity (none/even/odd)", "none");
  return { kind: "line", port, baud: Number.isInteger(baud) ? baud : 9600, parity };
}

async function askForHost(ask: Ask): Promise<InitBus> {
  const text = await ask("Address of the device", "192.168.10.20");
  const [host = "", port = "502"] = text.split(":");
  return { kind: "host", host, port: Number(port) };
}
