/** The way to a bus, by its settings. */
import type { ModbusBusSettings } from "#config/gateway/modbus-bus.ts";
import type { Clock } from "#core/clock.ts";
import { openSerialWire } from "./serial-wire.ts";
import { openTcpWire } from "./tcp-wire.ts";
import type { OpenWire } from "./wire.ts";

/** A host that is there accepts within this time, or after the bus's time-out if that is longer. */
const CONNECT_TIMEOUT_MIN_MS = 2000;

/** Where a bus leads, for messages. */
export function whereOf(settings: ModbusBusSettings): string {
  return "host" in settings ? `${settings.host}:${settings.port}` : settings.port;
}

export function openerOf(settings: ModbusBusSettings, clock: Clock): OpenWire {
  if (!("host" in settings)) return () => openSerialWire(settings);
  const { host, port, modbus: framing, timeout } = settings;
  const connectTimeoutMs = Math.max(CONNECT_TIMEOUT_MIN_MS, timeout);
  return (signal) => openTcpWire({ host, port, framing, connectTimeoutMs, clock }, signal);
}
