/** How many bytes a read and its answer take on a wire, and for how long they keep it busy. Pure. */
import type { ModbusBusSettings, ModbusSerialBusSettings } from "#config/gateway/modbus-bus.ts";
import { isBits, type Span } from "./point.ts";

export interface ExchangeCost {
  /** Request and answer, with their framing. */
  bytes: number;
  /** What the transfer takes; 0 where the wire is fast against the device. */
  wireMs: number;
}

/** Around the data: of the request in all, and of the answer with its byte count. */
const FRAMING: Readonly<
  Record<ModbusBusSettings["modbus"], { request: number; answer: number; perData: number }>
> = {
  // Transaction, protocol, length, unit; function; then address and count, or the byte count.
  tcp: { request: 12, answer: 9, perData: 1 },
  // Unit, function, address and count, or byte count; CRC.
  rtu: { request: 8, answer: 5, perData: 1 },
  "rtu-over-tcp": { request: 8, answer: 5, perData: 1 },
  // The same with a checksum of one byte, two characters a byte, between ":" and CR LF.
  ascii: { request: 17, answer: 11, perData: 2 },
};

/** Frames are told apart by a silence of 3.5 characters (Modbus over Serial Line v1.02, 2.5.1.1). */
const SILENCE_CHARACTERS = 3.5;

export function exchangeCost(bus: ModbusBusSettings, span: Span): ExchangeCost {
  const data = isBits(span.table) ? Math.ceil(span.size / 8) : 2 * span.size;
  const { request, answer, perData } = FRAMING[bus.modbus];
  const bytes = request + answer + perData * data;
  if ("host" in bus) return { bytes, wireMs: 0 };
  const silence = bus.modbus === "rtu" ? 2 * SILENCE_CHARACTERS : 0;
  return { bytes, wireMs: ((bytes + silence) * bitsPerCharacter(bus) * 1000) / bus.baud };
}

function bitsPerCharacter({ dataBits, parity, stopBits }: ModbusSerialBusSettings): number {
  return 1 + dataBits + (parity === "none" ? 0 : 1) + stopBits;
}
