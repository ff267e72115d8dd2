/** A bus of a running agent, as a command uses it. */
import type {
  FrameListener,
  GuestLink,
  ReadOutcome,
  ReadRequest,
  WriteRequest,
} from "#agent/sources/modbus/link.ts";
import { type BusAnswer, type BusMessage, unpackOutcome } from "./bus-message.ts";
import type { ControlClient } from "./control-client.ts";

export class RemoteLink implements GuestLink {
  readonly isOpen = true;
  readonly #agent: ControlClient;
  readonly #bus: string;
  readonly #signal: AbortSignal;

  constructor(agent: ControlClient, bus: string, signal: AbortSignal) {
    this.#agent = agent;
    this.#bus = bus;
    this.#signal = signal;
  }

  read(request: ReadRequest, timeoutMs: number): Promise<ReadOutcome> {
    const { table, size, unit, start, onFrame } = request;
    const frames = onFrame !== undefined;
    const asked = { bus: this.#bus, unit, start, timeoutMs, frames };
    return this.#ask({ kind: "read", ...asked, table, size }, onFrame);
  }

  write(request: WriteRequest, timeoutMs: number): Promise<ReadOutcome> {
    const { table, words, unit, start, onFrame } = request;
    const frames = onFrame !== undefined;
    const asked = { bus: this.#bus, unit, start, timeoutMs, frames };
    return this.#ask({ kind: "write", ...asked, table, words: [...words] }, onFrame);
  }

  async #ask(body: BusMessage, onFrame: FrameListener | undefined): Promise<ReadOutcome> {
    const signal = this.#signal;
    const { outcome, frames } = await this.#agent.ask<BusAnswer>("POST /bus/ask", { body, signal });
    for (const { direction, hex } of frames) onFrame?.(direction, Buffer.from(hex, "hex"));
    return unpackOutcome(outcome);
  }
}
