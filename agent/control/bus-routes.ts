/** Commands reach the buses of a running agent here: their requests queue with the bus's own. */
import type { FrameListener, GuestLink } from "#agent/sources/modbus/link.ts";
import { PenstockError } from "#core/errors.ts";
import { BadRequest } from "#core/http/server.ts";
import { type BusAnswer, type BusMessage, busMessage, packOutcome } from "./bus-message.ts";
import type { ControlRoutes } from "./control-server.ts";

/** @param linkOf the running Modbus bus of that name */
export function busRoutes(linkOf: (bus: string) => GuestLink | undefined): ControlRoutes {
  return {
    "POST /bus/ask": async ({ body }) => {
      const message = busMessage.safeParse(body);
      if (!message.success) throw new BadRequest("no request to a bus");
      const { bus } = message.data;
      const link = linkOf(bus);
      if (link) return { kind: "json", body: await ask(link, message.data) };
      const text = `the running agent has no Modbus bus "${bus}": does it run with another file?`;
      throw new PenstockError("CONTROL_FAILED", text, { context: { bus } });
    },
  };
}

async function ask(link: GuestLink, message: BusMessage): Promise<BusAnswer> {
  const { unit, start, timeoutMs } = message;
  const frames: { direction: "sent" | "received"; hex: string }[] = [];
  const keep: FrameListener = (direction, frame) => {
    frames.push({ direction, hex: Buffer.from(frame).toString("hex") });
  };
  const request = {
    unit,
    start,
    timeoutMaxMs: timeoutMs,
    ...(message.frames && { onFrame: keep }),
  };
  const outcome =
    message.kind === "read"
      ? await link.read({ ...request, table: message.table, size: message.size }, timeoutMs)
      : await link.write({ ...request, table: message.table, words: message.words }, timeoutMs);
  return { outcome: packOutcome(outcome), frames };
}
