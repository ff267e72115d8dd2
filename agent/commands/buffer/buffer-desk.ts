/**
 * The buffer for a command: that of the running agent, through its socket; where none runs, the
 * database itself is opened, as the agent would.
 */
import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import type {
  BufferDesk,
  BufferStat,
  DropOutcome,
  ReadingRow,
  SegmentRow,
} from "#agent/buffer/contract.ts";
import { StoreAndForward } from "#agent/buffer/store-and-forward.ts";
import { type ControlClient, findAgent } from "#agent/control/control-client.ts";
import type { GatewaySettings } from "#config/gateway.ts";
import { systemClock } from "#core/clock.ts";
import { PenstockError } from "#core/errors.ts";
import { createLogger } from "#core/log.ts";
import { createRandom } from "#core/random.ts";
import { machineId } from "../run/machine-id.ts";

/** @throws PenstockError BUFFER_FAILED where there is no buffer, BUFFER_LOCKED, CONTROL_DENIED */
export async function withBuffer<T>(
  settings: GatewaySettings,
  use: (desk: BufferDesk) => Promise<T>,
): Promise<T> {
  const agent = await findAgent(settings.buffer.path);
  if (agent) return use(new RemoteDesk(agent));
  const { path } = settings.buffer;
  // To look at a buffer must not make one.
  if (!existsSync(path)) throw new PenstockError("BUFFER_FAILED", `there is no buffer in ${path}`);
  const buffer = ownBuffer(settings);
  await buffer.start();
  try {
    return await use(buffer.desk);
  } finally {
    await buffer.stop();
  }
}

function ownBuffer({ gateway, buffer }: GatewaySettings): StoreAndForward {
  return new StoreAndForward({
    folder: buffer.path,
    gateway,
    machineId: machineId(),
    lanes: buffer.lanes,
    lingerMs: 0,
    dedupeWindowMs: buffer.dedupeWindow,
    limits: {
      maxBytes: buffer.maxBytes,
      maxAgeMs: buffer.maxAge,
      minFreeBytes: buffer.minFreeDisk,
      whenFull: buffer.whenFull,
    },
    clock: systemClock,
    random: createRandom(randomInt(2 ** 32)),
    log: createLogger("buffer", "error"),
  });
}

class RemoteDesk implements BufferDesk {
  readonly #agent: ControlClient;

  constructor(agent: ControlClient) {
    this.#agent = agent;
  }

  stat(): Promise<BufferStat> {
    return this.#agent.ask("GET /buffer");
  }

  segments(limit: number): AsyncIterable<SegmentRow> {
    return this.#agent.lines(`GET /buffer/segments?limit=${limit}`);
  }

  readings(): AsyncIterable<ReadingRow> {
    return this.#agent.lines("GET /buffer/readings");
  }

  drop(): Promise<DropOutcome> {
    return this.#agent.ask("POST /buffer/drop");
  }
}
