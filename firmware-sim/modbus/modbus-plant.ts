/**
 * Modbus TCP units behind one port, as behind a gateway. Framing is modbus-serial's, whose server is
 * good enough: 300 reads/s of 16 registers cost 0.06 core, and over 16 connections it answers 6,500.
 *
 * Every answered read is told to the ledger before its bytes leave: an upper bound.
 */
import { strict as assert } from "node:assert";
import { Server } from "node:net";
import { type IServiceVector, ServerTCP } from "modbus-serial";
import type { Clock } from "#core/clock.ts";
import { messageOf, PenstockError } from "#core/errors.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import type { Random } from "#core/random.ts";
import type { LedgerWriter } from "../ledger/contract.ts";
import { MBAP, Tampering } from "./tampering.ts";
import {
  type BankStats,
  type BitTable,
  type ReadReply,
  type Refusal,
  type RegisterTable,
  type ServedUnit,
  UnitBank,
} from "./unit-bank.ts";
import type { UnitFault } from "./unit-fault.ts";

export interface ModbusPlantSettings {
  host: string;
  /** 0 lets the system pick. */
  port: number;
}

export interface ModbusPlantParts {
  ledger: LedgerWriter;
  clock: Clock;
  random: Random;
  log: Logger;
}

/** Modbus Application Protocol v1.1b3, section 7. */
const GATEWAY_TARGET_SILENT = 0x0b;

/** What modbus-serial turns into an exception answer. */
class ModbusException extends Error {
  readonly modbusErrorCode: number;

  constructor(code: number) {
    super(`Modbus exception ${code}`);
    this.modbusErrorCode = code;
  }
}

export class ModbusPlant {
  readonly #settings: ModbusPlantSettings;
  readonly #parts: ModbusPlantParts;
  readonly #quietLog: RateLimitedLog;
  readonly #bank: UnitBank;
  #server: ServerTCP | undefined;
  #tampering: Tampering | undefined;

  constructor(
    settings: ModbusPlantSettings,
    units: ReadonlyMap<number, ServedUnit>,
    parts: ModbusPlantParts,
  ) {
    this.#settings = settings;
    this.#bank = new UnitBank(units, parts.ledger, parts.clock);
    this.#parts = parts;
    this.#quietLog = new RateLimitedLog(parts.log, parts.clock);
  }

  /**
   * Listens; resolves with the port.
   * @throws PenstockError LISTEN_FAILED
   */
  async start(): Promise<number> {
    const { host, port } = this.#settings;
    const { clock, random } = this.#parts;
    // The library takes the number 0 for "none given"; as text it reaches `listen` unharmed.
    const options: { host: string; port?: number } = { host };
    Reflect.set(options, "port", String(port));
    const server = new ServerTCP(this.#vector(), options);
    this.#server = server;
    const listener = listenerOf(server);
    const faultOf = (unitId: number): UnitFault | undefined => this.#bank.faultOf(unitId);
    const tampering = new Tampering({ faultOf, framing: MBAP, clock, random });
    this.#tampering = tampering;
    listener.on("connection", (socket) => tampering.intercept(socket));
    server.on("socketError", (error) => {
      this.#quietLog.warn("modbus socket", { error: messageOf(error) }, "modbus client lost");
    });
    await listening(server, `${host}:${port}`);
    const address = listener.address();
    return typeof address === "object" && address ? address.port : port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#tampering?.stop();
    if (!server) return;
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** Makes a unit misbehave from now on; undefined heals it. */
  setFault(unitId: number, fault: UnitFault | undefined): void {
    this.#bank.setFault(unitId, fault);
  }

  stats(): BankStats {
    return this.#bank.stats();
  }

  #vector(): IServiceVector {
    return {
      getHoldingRegister: (address: number, unitId: number) =>
        firstOf(this.#registers("holding", address, 1, unitId)),
      getInputRegister: (address: number, unitId: number) =>
        firstOf(this.#registers("input", address, 1, unitId)),
      getMultipleHoldingRegisters: (address: number, length: number, unitId: number) =>
        this.#registers("holding", address, length, unitId),
      getMultipleInputRegisters: (address: number, length: number, unitId: number) =>
        this.#registers("input", address, length, unitId),
      getCoil: (address: number, unitId: number) => this.#bit("coil", address, unitId),
      getDiscreteInput: (address: number, unitId: number) => this.#bit("discrete", address, unitId),
      // Left out, the library would not answer a write at all.
      setCoil: (_address: number, _value: boolean, unitId: number) => this.#refuse(unitId),
      setRegister: (_address: number, _value: number, unitId: number) => this.#refuse(unitId),
    };
  }

  #refuse(unitId: number): never {
    throw exceptionOf(this.#bank.refuseWrite(unitId));
  }

  #registers(table: RegisterTable, address: number, length: number, unitId: number): number[] {
    return [...valuesOf(this.#bank.readRegisters(unitId, table, address, length))];
  }

  #bit(table: BitTable, address: number, unitId: number): boolean {
    return valuesOf(this.#bank.readBits(unitId, table, address, 1))[0] ?? false;
  }
}

/** What modbus-serial answers with, or turns into an exception answer. */
function valuesOf<T>(reply: ReadReply<T>): readonly T[] {
  if (reply.kind === "values") return reply.values;
  throw exceptionOf(reply);
}

function exceptionOf(refusal: Refusal): ModbusException {
  return new ModbusException(refusal.kind === "exception" ? refusal.code : GATEWAY_TARGET_SILENT);
}

function firstOf(registers: readonly number[]): number {
  return registers[0] ?? 0;
}

/** The net.Server inside: the library tells neither the port nor of new connections. */
function listenerOf(server: ServerTCP): Server {
  const inside: unknown = Reflect.get(server, "_server");
  assert(inside instanceof Server, "modbus-serial no longer keeps its server in _server");
  return inside;
}

async function listening(server: ServerTCP, where: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.on("initialized", () => resolve());
    server.on("serverError", (cause) => {
      reject(
        new PenstockError("LISTEN_FAILED", `cannot listen on ${where}: ${messageOf(cause)}`, {
          context: { listen: where },
          cause,
        }),
      );
    });
  });
}
