/**
 * A command's way to a Modbus bus: through the agent where one runs, whose polls it then waits for;
 * else by opening the port or the connection itself.
 */
import { findAgent } from "#agent/control/control-client.ts";
import { RemoteLink } from "#agent/control/remote-link.ts";
import type { FrameListener, GuestLink } from "#agent/sources/modbus/link.ts";
import { openerOf, whereOf } from "#agent/sources/modbus/open-bus.ts";
import { WireLink } from "#agent/sources/modbus/wire-link.ts";
import type { Output } from "#config/command-line/command.ts";
import type { ModbusBusSettings } from "#config/gateway/modbus-bus.ts";
import { systemClock } from "#core/clock.ts";
import { PenstockError } from "#core/errors.ts";
import { RateLimitedLog, silentLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";

export interface BusAccess {
  readonly link: GuestLink;
  /** Whether an agent does the asking. */
  readonly throughAgent: boolean;
  close(): Promise<void>;
}

export interface AccessOptions {
  bus: string;
  settings: ModbusBusSettings;
  /** Folder of the agent's buffer. */
  bufferPath: string;
  signal: AbortSignal;
}

/** @throws PenstockError PORT_UNAVAILABLE, CONTROL_DENIED */
export async function accessBus(options: AccessOptions): Promise<BusAccess> {
  const { bus, settings, bufferPath, signal } = options;
  const agent = await findAgent(bufferPath);
  if (!agent) return await openBus(settings);
  const link = new RemoteLink(agent, bus, signal);
  return { link, throughAgent: true, close: () => Promise.resolve() };
}

/**
 * Opens the bus in this process.
 * @throws PenstockError PORT_UNAVAILABLE
 */
export async function openBus(settings: ModbusBusSettings): Promise<BusAccess> {
  const where = whereOf(settings);
  const link = new WireLink({
    where,
    open: openerOf(settings, systemClock),
    pauseMs: settings.pause,
    clock: systemClock,
    random: createRandom(1),
    log: new RateLimitedLog(silentLogger, systemClock),
    onStray: () => {},
    onOpen: () => {},
  });
  await link.start();
  if (link.isOpen) return { link: link.guest, throughAgent: false, close: () => link.stop() };
  await link.stop();
  throw unreachable(where, settings, link.lastError ?? "no connection");
}

function unreachable(where: string, settings: ModbusBusSettings, why: string): PenstockError {
  const message = "host" in settings ? `cannot reach ${where}: ${why}${hintFor(why)}` : why;
  return new PenstockError("PORT_UNAVAILABLE", message, { context: { where } });
}

function hintFor(why: string): string {
  if (why === "ECONNREFUSED") return " (the host is there, and nothing listens on that port)";
  if (why === "ETIMEDOUT" || why === "EHOSTUNREACH")
    return " (no such host, or a firewall between)";
  return why === "ENOTFOUND" ? " (the name is unknown)" : "";
}

/** With `-v`: each frame in hexadecimal on standard error. */
export function frameWriter(isWanted: boolean, stderr: Output): FrameListener | undefined {
  if (!isWanted) return undefined;
  return (direction, frame) => {
    const hex = Buffer.from(frame)
      .toString("hex")
      .replaceAll(/..(?=.)/g, "$& ");
    stderr.write(`${direction === "sent" ? "→" : "←"} ${hex}\n`);
  };
}

/** The same link, with a listener for the frames of all its requests. */
export function watched(link: GuestLink, onFrame: FrameListener | undefined): GuestLink {
  if (!onFrame) return link;
  return {
    get isOpen(): boolean {
      return link.isOpen;
    },
    read: (request, timeoutMs) => link.read({ ...request, onFrame }, timeoutMs),
    write: (request, timeoutMs) => link.write({ ...request, onFrame }, timeoutMs),
  };
}
