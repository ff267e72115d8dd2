/**
 * Puts an echo filter between a stream and the port of modbus-serial that listens to it. The port's
 * own search for an answer takes an echo for one, and loses the answer behind it.
 */
import type { Duplex } from "node:stream";
import type { EchoFilter } from "./echo-filter.ts";

export interface Tap {
  /** The first bytes that came since the last request went out, its echo left out. */
  heard: () => Uint8Array;
}

const NOTHING = Buffer.alloc(0);
const HEARD_MAX = 16;

type DataListener = (bytes: Buffer) => void;

/**
 * To be called once, after the port has begun to listen.
 * @param clean what of these bytes the port can take; all of them, if left out
 */
export function tapStream(
  stream: Duplex,
  filter: EchoFilter,
  clean: (bytes: Buffer) => Buffer = (bytes) => bytes,
): Tap {
  let heard: Buffer = NOTHING;
  // The library listens with one function that takes the bytes.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const listeners = stream.listeners("data") as DataListener[];
  stream.removeAllListeners("data");
  stream.on("data", (bytes: Buffer) => {
    const foreign = filter.pass(bytes);
    if (heard.length < HEARD_MAX) heard = Buffer.concat([heard, foreign.subarray(0, HEARD_MAX)]);
    const rest = clean(foreign);
    if (rest.length === 0) return;
    for (const listen of listeners) listen(rest);
  });
  const write = stream.write.bind(stream);
  stream.write = (chunk: Uint8Array): boolean => {
    filter.sent(chunk);
    heard = NOTHING;
    return write(chunk);
  };
  return { heard: () => heard };
}
