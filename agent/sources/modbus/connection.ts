/**
 * The client of modbus-serial on one open wire. One request at a time. It ends with its wire, and
 * is never reopened.
 */
import modbusSerial from "modbus-serial";
import type { Table } from "#config/gateway/modbus-address.ts";
import type { Clock } from "#core/clock.ts";
import { GuardedPort, type PortListener } from "./guarded-port.ts";
import type { ReadOutcome, ReadRequest, WriteRequest } from "./link.ts";
import { OwedAnswers } from "./owed-answers.ts";
import { SurplusAnswers } from "./surplus-answers.ts";
import type { Wire } from "./wire.ts";

// The package is CommonJS that names its class `default`.
const ModbusRTU = modbusSerial.default;

type Client = InstanceType<typeof ModbusRTU>;
type Finish = (outcome: ReadOutcome) => void;
type Answered = (error: Error | null, result?: { buffer: Buffer }) => void;
type Asked = Pick<ReadRequest, "unit" | "timeoutMaxMs" | "onFrame">;

export interface ConnectionOptions {
  wire: Wire;
  clock: Clock;
  /** A frame came that answers nothing that waits. */
  onStray: (unit: number | undefined) => void;
}

export class Connection {
  readonly wire: Wire;
  readonly #clock: Clock;
  readonly #port: GuardedPort;
  readonly #client: Client;
  readonly #owed = new OwedAnswers();
  readonly #surplus = new SurplusAnswers();
  #waiting: Finish | undefined;
  #wasGivenUp = false;
  #askedUnit = 0;
  /** A broken frame of the unit that is waited for has come: it owes no other. */
  #hasStrayed = false;

  constructor({ wire, clock, onStray }: ConnectionOptions) {
    this.wire = wire;
    this.#clock = clock;
    const listener: PortListener = {
      stray: (unit) => {
        const nowMs = clock.monotonic();
        const isOwed = unit !== undefined && this.#owed.isOwed(unit, nowMs);
        if (!this.#waiting && !isOwed) this.#surplus.arrived(unit, nowMs);
        this.#owed.arrived(unit);
        this.#hasStrayed ||= unit === this.#askedUnit;
        onStray(unit);
      },
      malformed: () => this.#waiting?.({ kind: "malformed" }),
    };
    this.#port = new GuardedPort(wire.port, wire, listener);
    this.#client = new ModbusRTU(this.#port);
    this.#client.open();
    void this.#watch();
  }

  get isOpen(): boolean {
    return this.wire.isOpen;
  }

  /** Requests were given up, and every transaction id has been used since. */
  get isUsedUp(): boolean {
    return this.#wasGivenUp && this.#port.isUsedUp;
  }

  /** How long the wire is to rest behind an answer of this unit, since it answers more than once. */
  restMs(unit: number): number {
    return this.wire.hasTransactions ? 0 : this.#surplus.restMs(unit, this.#clock.monotonic());
  }

  /** @param timeoutMs how long to wait, at most the device's full time-out */
  read(request: ReadRequest, timeoutMs: number): Promise<ReadOutcome> {
    return this.#ask(request, timeoutMs, (answered) => sendRead(this.#client, request, answered));
  }

  write(request: WriteRequest, timeoutMs: number): Promise<ReadOutcome> {
    return this.#ask(request, timeoutMs, (answered) => sendWrite(this.#client, request, answered));
  }

  #ask(
    request: Asked,
    timeoutMs: number,
    send: (answered: Answered) => void,
  ): Promise<ReadOutcome> {
    if (!this.isOpen) return Promise.resolve({ kind: "disconnected" });
    const askedAtMs = this.#clock.monotonic();
    if (!this.wire.hasTransactions && this.#owed.isOwed(request.unit, askedAtMs)) {
      return Promise.resolve({ kind: "owed" });
    }
    this.#askedUnit = request.unit;
    this.#hasStrayed = false;
    this.#port.onFrame = request.onFrame;
    return new Promise((resolve) => {
      const finish: Finish = (outcome) => {
        timer.cancel();
        this.#waiting = undefined;
        this.#port.giveUp();
        if (outcome.kind === "timeout") this.#givenUp(request, askedAtMs);
        else this.#surplus.answered(request.unit, this.#clock.monotonic());
        resolve(outcome);
      };
      const timer = this.#clock.after("modbus answer", timeoutMs, () =>
        finish({ kind: "timeout" }),
      );
      this.#waiting = finish;
      send((error, result) => finish(outcomeOf(error, result)));
    });
  }

  #givenUp(request: Asked, askedAtMs: number): void {
    this.#wasGivenUp = true;
    if (this.#hasStrayed) return;
    this.#owed.givenUp(request.unit, askedAtMs, request.timeoutMaxMs);
  }

  async #watch(): Promise<void> {
    await this.wire.closed;
    this.#waiting?.({ kind: "disconnected" });
  }
}

function sendRead(client: Client, request: ReadRequest, answered: Answered): void {
  const { table, unit, start, size } = request;
  const senders: Readonly<Record<Table, () => void>> = {
    coil: () => client.writeFC1(unit, start, size, answered),
    discrete: () => client.writeFC2(unit, start, size, answered),
    holding: () => client.writeFC3(unit, start, size, answered),
    input: () => client.writeFC4(unit, start, size, answered),
  };
  senders[table]();
}

const CONFIRMED = { buffer: Buffer.alloc(0) };

/** Single writes where one is enough: devices that know only those are many. */
function sendWrite(client: Client, request: WriteRequest, answered: Answered): void {
  const { table, unit, start, words } = request;
  const [first = 0] = words;
  const confirmed = (error: Error | null): void => answered(error, error ? undefined : CONFIRMED);
  if (table === "coil") client.writeFC5(unit, start, first !== 0, confirmed);
  else if (words.length === 1) client.writeFC6(unit, start, first, confirmed);
  else client.writeFC16(unit, start, [...words], confirmed);
}

function outcomeOf(error: Error | null, result: { buffer: Buffer } | undefined): ReadOutcome {
  if (!error) return result ? { kind: "answer", data: result.buffer } : { kind: "malformed" };
  if ("modbusCode" in error) return { kind: "exception", code: Number(error.modbusCode) };
  // The library names a port that is closed with this code; the rest are frames it cannot parse.
  const closed = "errno" in error && error.errno === "ECONNREFUSED";
  return { kind: closed ? "disconnected" : "malformed" };
}
