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
import type { Table } from "./register-map.ts";
import { Tampering } from "./tampering.ts";
import type { ModbusUnit } from "./unit.ts";
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

export interface ModbusPlantStats {
  units: number;
  /** Reads answered with values; of units that never answer, none. */
  reads: number;
  readings: number;
  exceptions: number;
}

/** Modbus Application Protocol v1.1b3, section 7. */
const ILLEGAL_DATA_ADDRESS = 2;
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
  /** By unit id. */
  readonly #units: ReadonlyMap<number, ModbusUnit>;
  readonly #faults = new Map<number, UnitFault>();
  readonly #stats = { reads: 0, readings: 0, exceptions: 0 };
  #server: ServerTCP | undefined;
  #tampering: Tampering | undefined;

  constructor(
    settings: ModbusPlantSettings,
    units: ReadonlyMap<number, ModbusUnit>,
    parts: ModbusPlantParts,
  ) {
    this.#settings = settings;
    this.#units = units;
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
    const tampering = new Tampering((unitId) => this.#faults.get(unitId), clock, random);
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
    if (fault) this.#faults.set(unitId, fault);
    else this.#faults.delete(unitId);
  }

  stats(): ModbusPlantStats {
    return { units: this.#units.size, ...this.#stats };
  }

  #vector(): IServiceVector {
    return {
      getHoldingRegister: (address: number, unitId: number) =>
        this.#readOne("holding", address, unitId),
      getInputRegister: (address: number, unitId: number) =>
        this.#readOne("input", address, unitId),
      getMultipleHoldingRegisters: (address: number, length: number, unitId: number) =>
        this.#read("holding", address, length, unitId),
      getMultipleInputRegisters: (address: number, length: number, unitId: number) =>
        this.#read("input", address, length, unitId),
      // Coil 1 and discrete input 1: the machine runs. It always does.
      getCoil: (address: number, unitId: number) => this.#bit(address, unitId),
      getDiscreteInput: (address: number, unitId: number) => this.#bit(address, unitId),
    };
  }

  #readOne(table: Table, address: number, unitId: number): number {
    return this.#read(table, address, 1, unitId)[0] ?? 0;
  }

  #read(table: Table, address: number, length: number, unitId: number): number[] {
    const unit = this.#unit(unitId);
    const registers = unit.read(table, address, length, this.#parts.clock.now());
    if (!registers) throw this.#exception(ILLEGAL_DATA_ADDRESS);
    const fault = this.#faults.get(unitId);
    if (fault?.kind !== "dead" && fault?.kind !== "half-open") {
      const readings = unit.readingsIn(table, address, length);
      this.#stats.reads += 1;
      this.#stats.readings += readings;
      this.#parts.ledger.served(unit.device.name, readings);
    }
    return fault?.kind === "word-order" ? swapWords(registers) : registers;
  }

  #bit(address: number, unitId: number): boolean {
    this.#unit(unitId);
    if (address !== 0) throw this.#exception(ILLEGAL_DATA_ADDRESS);
    return true;
  }

  #unit(unitId: number): ModbusUnit {
    const unit = this.#units.get(unitId);
    if (!unit) throw this.#exception(GATEWAY_TARGET_SILENT);
    const fault = this.#faults.get(unitId);
    if (fault?.kind === "exception") throw this.#exception(fault.code);
    return unit;
  }

  #exception(code: number): ModbusException {
    this.#stats.exceptions += 1;
    return new ModbusException(code);
  }
}

function swapWords(registers: readonly number[]): number[] {
  const swapped = [...registers];
  for (let i = 0; i + 1 < swapped.length; i += 2) {
    swapped[i] = registers[i + 1] ?? 0;
    swapped[i + 1] = registers[i] ?? 0;
  }
  return swapped;
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
