/** `buses`: Modbus, by network and by serial line. */
import { z } from "zod";
import { host } from "../plain-keys.ts";
import { durationBetween } from "../units.ts";
import { serialPort, serialSettings } from "./serial-port.ts";

const modbusRequests = {
  timeout: durationBetween(10, 60_000)
    .prefault("1s")
    .describe("Without an answer within this time the readings are `bad`/`timeout`."),
  pause: durationBetween(0, 10_000)
    .prefault("0ms")
    .describe("Rest between an answer and the next request, for devices that need one."),
  maxGap: z
    .int()
    .min(0)
    .max(123)
    .default(8)
    .describe("Unwanted registers that may be read between wanted ones, to save a request."),
};

export const modbusTcpBus = z.strictObject({
  modbus: z
    .enum(["tcp", "rtu-over-tcp"])
    .describe("A device, or a gateway to several, by network: Modbus TCP, or bare RTU frames."),
  host: host.describe("Its address."),
  port: z.int().min(1).max(65_535).default(502).describe("Its port."),
  connections: z
    .int()
    .min(1)
    .max(16)
    .default(1)
    .describe("Connections that are used at a time, where the device or gateway allows several."),
  ...modbusRequests,
});

export const modbusSerialBus = z.strictObject({
  modbus: z.enum(["rtu", "ascii"]).describe("Devices on a serial line, by Modbus RTU or ASCII."),
  port: serialPort,
  ...serialSettings,
  ...modbusRequests,
});

export type ModbusSerialBusSettings = z.infer<typeof modbusSerialBus>;

export type ModbusBusSettings = z.infer<typeof modbusTcpBus> | ModbusSerialBusSettings;
