/**
 * Asks the technician for what a first file needs. Every question has an answer to accept; one that
 * cannot be is asked again.
 */
import { serialPort } from "#config/gateway/serial-port.ts";
import { name } from "#config/plain-keys.ts";
import type { Questions } from "../questions.ts";
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

/** What there is to say against an answer; undefined where it is taken. */
type Objection = (answer: string) => string | undefined;

/** Nobody answers any more. */
class Unanswered extends Error {}

/** Undefined where nobody answers any more. */
export async function askForAll(
  questions: Questions,
  suggestions: Suggestions,
): Promise<Answered | undefined> {
  try {
    return await new Interview(questions).all(suggestions);
  } catch (error) {
    if (error instanceof Unanswered) return undefined;
    throw error;
  }
}

class Interview {
  readonly #questions: Questions;

  constructor(questions: Questions) {
    this.#questions = questions;
  }

  async all({ ports, templates, ...suggested }: Suggestions): Promise<Answered> {
    const gateway = await this.#ask("Name of this gateway", suggested.gateway, nameObjection);
    const way = await this.#ask(
      "Devices are on a serial line, by network, or neither (line/network/none)",
      "line",
      oneOf(["line", "network", "none"]),
    );
    if (way === "none") return { gateway, bus: undefined, templates: [] };
    const bus = way === "line" ? await this.#line(ports) : await this.#host();
    const known = templates.join(", ");
    const wanted = await this.#ask(
      `Device templates, separated by commas (known: ${known})`,
      "none",
      (answer) => listOf(answer).map(oneOf(templates)).find(Boolean),
    );
    return { gateway, bus, templates: listOf(wanted) };
  }

  async #line(ports: readonly string[]): Promise<InitBus> {
    const [first = "/dev/ttyUSB0", ...others] = ports;
    const more = others.length === 0 ? "" : ` (also there: ${others.join(", ")})`;
    const port = await this.#ask(`Serial port${more}`, first, portObjection);
    const baud = Number(await this.#ask("Baud rate", "9600", baudObjection));
    const parity = await this.#ask(
      "Parity (none/even/odd)",
      "none",
      oneOf(["none", "even", "odd"]),
    );
    return { kind: "line", port, baud, parity };
  }

  async #host(): Promise<InitBus> {
    const text = await this.#ask("Address of the device", "192.168.10.20", hostObjection);
    const [host = "", port = "502"] = text.split(":");
    return { kind: "host", host, port: Number(port) };
  }

  async #ask(
    question: string,
    fallback: string,
    object: Objection = () => undefined,
  ): Promise<string> {
    for (;;) {
      const answer = await this.#questions.ask(`${question} [${fallback}]`);
      if (answer === undefined) throw new Unanswered();
      if (answer === "") return fallback;
      const objection = object(answer);
      if (objection === undefined) return answer;
      this.#questions.tell(objection);
    }
  }
}

function listOf(answer: string): string[] {
  return answer === "none" ? [] : answer.split(/\s*,\s*/).filter(Boolean);
}

function oneOf(known: readonly string[]): (answer: string) => string | undefined {
  return (answer) =>
    known.includes(answer) ? undefined : `"${answer}" is none of ${known.join(", ")}.`;
}

function nameObjection(answer: string): string | undefined {
  return name.safeParse(answer).error?.issues[0]?.message;
}

function portObjection(answer: string): string | undefined {
  return serialPort.safeParse(answer).error?.issues[0]?.message;
}

function baudObjection(answer: string): string | undefined {
  return /^[1-9]\d{1,6}$/.test(answer) ? undefined : "A baud rate is a number, such as 9600.";
}

function hostObjection(answer: string): string | undefined {
  if (/^[^\s:]+(?::\d{1,5})?$/.test(answer)) return undefined;
  return "An address is HOST or HOST:PORT, such as 192.168.10.20.";
}
