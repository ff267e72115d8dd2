/** `sim modbus`: virtual devices of templates, behind a TCP port or on a serial line. */
import { lstatSync, rmSync, symlinkSync } from "node:fs";
import { createInterface } from "node:readline";
import { endSignal } from "#config/command-line/end-signal.ts";
import { ConfigError, renderFaults } from "#config/faults/faults.ts";
import { nearest } from "#config/faults/nearest.ts";
import { TemplateShelf } from "#config/loading/template-shelf.ts";
import { systemClock } from "#core/clock.ts";
import { createLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { noLedger } from "../ledger/no-ledger.ts";
import { ModbusPlant } from "../modbus/modbus-plant.ts";
import { RtuLine } from "../modbus/rtu-line.ts";
import { TemplateUnit } from "../modbus/template-unit.ts";
import type { BankStats } from "../modbus/unit-bank.ts";
import { sleepUnless } from "../run-time.ts";
import {
  type FaultRequest,
  MODBUS_HELP,
  type ModbusArguments,
  parseFaultRequest,
  parseModbusArguments,
} from "./modbus-arguments.ts";

const EXIT = { fine: 0, failed: 1, misuse: 2 } as const;

/** What a gateway connects to. */
interface Endpoint {
  start(): Promise<{ port: number } | { serialPath: string } | undefined>;
  setFault(request: FaultRequest): Promise<string | undefined>;
  stats(): BankStats;
  stop(): Promise<void>;
}

export async function modbusCommand(args: readonly string[]): Promise<number> {
  const { stdout, stderr } = process;
  const parsed = parseModbusArguments(args);
  if (parsed.kind === "help") {
    stdout.write(MODBUS_HELP);
    return EXIT.fine;
  }
  if (parsed.kind === "misuse") {
    stderr.write(`${parsed.message}\nSee sim modbus --help.\n`);
    return EXIT.misuse;
  }
  const units = createUnits(parsed.request);
  if (typeof units === "string") {
    stderr.write(`${units}\n`);
    return EXIT.misuse;
  }
  return await serve(parsed.request, units);
}

type Units = ReadonlyMap<number, TemplateUnit>;

/** The units by id, or why there are none. */
function createUnits({ units, templateFolder, seed }: ModbusArguments): Units | string {
  const shelf = new TemplateShelf(templateFolder);
  const random = createRandom(seed);
  const created = new Map<number, TemplateUnit>();
  try {
    for (const { unitId, template: name } of units) {
      const template = shelf.find(name);
      if (!template) return unknownTemplate(name, shelf.names());
      created.set(unitId, new TemplateUnit(template, unitId, random.fork(`unit ${unitId}`)));
    }
  } catch (error) {
    if (error instanceof ConfigError) return renderFaults(error.faults, "text");
    throw error;
  }
  return created;
}

function unknownTemplate(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  const advice = near === undefined ? `There are: ${known.join(", ")}.` : `Did you mean "${near}"?`;
  return `There is no device template "${name}". ${advice}`;
}

async function serve(request: ModbusArguments, units: Units): Promise<number> {
  const endpoint = createEndpoint(request, units);
  try {
    return await runUntilSignal(request, units, endpoint);
  } finally {
    await endpoint.stop();
  }
}

async function runUntilSignal(
  { isJson, seconds, faults }: ModbusArguments,
  units: Units,
  endpoint: Endpoint,
): Promise<number> {
  const print = (result: object): void => {
    process.stdout.write(`${JSON.stringify(result, undefined, isJson ? undefined : 2)}\n`);
  };
  // Before the first line of output: whoever reads it may already send a signal.
  const signalled = endSignal();
  const listening = await endpoint.start();
  if (!listening) return EXIT.failed;
  for (const fault of faults) await endpoint.setFault(fault);
  const names = Array.from(units, ([unit, { name, title }]) => ({ unit, name, title }));
  print({ ...listening, units: names });
  const input = takeFaults(endpoint, print);
  await sleepUnless(signalled, seconds);
  input.close();
  process.stdin.destroy();
  print(endpoint.stats());
  return EXIT.fine;
}

/** Faults on demand, a line each. */
function takeFaults(endpoint: Endpoint, print: (result: object) => void): { close(): void } {
  const input = createInterface({ input: process.stdin });
  input.on("line", (line) => {
    if (line.trim() === "") return;
    const request = parseFaultRequest(line);
    if (!request) {
      process.stderr.write(`${line}: expected UNIT=KIND, UNIT=ok, line=KIND or line=ok\n`);
      return;
    }
    void endpoint.setFault(request).then((serialPath) => print({ fault: line.trim(), serialPath }));
  });
  return input;
}

function createEndpoint(request: ModbusArguments, units: Units): Endpoint {
  const { wire, seed, baud } = request;
  const log = createLogger("penstock-sim", "info");
  const parts = { ledger: noLedger, clock: systemClock, random: createRandom(seed), log };
  if (wire.kind === "line") return new LineEndpoint(new RtuLine(units, parts, baud), wire.link);
  return new TcpEndpoint(new ModbusPlant({ host: "127.0.0.1", port: wire.port }, units, parts));
}

class TcpEndpoint implements Endpoint {
  readonly #plant: ModbusPlant;

  constructor(plant: ModbusPlant) {
    this.#plant = plant;
  }

  async start(): Promise<{ port: number }> {
    return { port: await this.#plant.start() };
  }

  async setFault(request: FaultRequest): Promise<undefined> {
    if (request.of === "unit") this.#plant.setFault(request.unitId, request.fault);
    else process.stderr.write("a TCP port has no line faults\n");
  }

  stats(): BankStats {
    return this.#plant.stats();
  }

  async stop(): Promise<void> {
    await this.#plant.stop();
  }
}

class LineEndpoint implements Endpoint {
  readonly #line: RtuLine;
  readonly #link: string | undefined;

  /** @param link a symbolic link to be kept to the port; undefined for none */
  constructor(line: RtuLine, link: string | undefined) {
    this.#line = line;
    this.#link = link;
  }

  async start(): Promise<{ serialPath: string } | undefined> {
    const serialPath = this.#follow(await this.#line.start());
    return serialPath === undefined ? undefined : { serialPath };
  }

  async setFault(request: FaultRequest): Promise<string | undefined> {
    if (request.of === "line") return this.#follow(await this.#line.setLineFault(request.fault));
    this.#line.setFault(request.unitId, request.fault);
    return undefined;
  }

  stats(): BankStats {
    return this.#line.stats();
  }

  async stop(): Promise<void> {
    this.#follow(undefined);
    await this.#line.stop();
  }

  /** The link leads to the port that is there now, or is gone with it. */
  #follow(path: string | undefined): string | undefined {
    if (this.#link === undefined) return path;
    // Whatever else is there under that name is not ours.
    if (lstatSync(this.#link, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(this.#link);
    if (path === undefined) return undefined;
    symlinkSync(path, this.#link);
    return this.#link;
  }
}
