/**
 * Ports for programs that are restarted and must be found again at the same place.
 *
 * They are taken from below the range of ephemeral ports: while a program is down, the kernel may
 * give an ephemeral port to any outgoing connection (even to the very client that tries to reach
 * it: a TCP self-connect), and the program could not listen there again.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { PenstockError } from "#core/errors.ts";
import type { Random } from "#core/random.ts";

const HOST = "127.0.0.1";
const LOWEST = 10_240;
/** Linux's own default. */
const EPHEMERAL_DEFAULT = 32_768;
const TRIES_MAX = 200;

/** @throws PenstockError PORT_UNAVAILABLE */
export async function pickFreePorts(count: number, random: Random): Promise<number[]> {
  const span = Math.max(1, ephemeralStart() - LOWEST);
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries++) {
    if (tries === TRIES_MAX) {
      throw new PenstockError(
        "PORT_UNAVAILABLE",
        `no free port between ${LOWEST} and ${LOWEST + span}`,
      );
    }
    const port = LOWEST + random.int(span);
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}

function ephemeralStart(): number {
  try {
    const range = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
    return Number(range.split(/\s+/)[0]) || EPHEMERAL_DEFAULT;
  } catch {
    return EPHEMERAL_DEFAULT;
  }
}
