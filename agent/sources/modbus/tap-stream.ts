/**
 * Puts an echo filter between a stream and the port of modbus-serial that listens to it. The port's
 * own search for an answer takes an echo for one, and loses the answer behind it.
 */
import type { Duplex } from "node:stream";
import type { EchoFilter } from "./echo-filter.ts";

type DataListener = (bytes: Buffer) => void;

/**
 * To be called once, after the port has begun to listen.
 * @param clean what of these bytes the port can take; all of them, if left out
 */
export function tapStream(
  stream: Duplex,
  filter: EchoFilter,
  clean: (bytes: Buffer) => Buffer = (bytes) => bytes,
): void {
  // The library listens with one function that takes the bytes.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const listeners = stream.listeners("data") as DataListener[];
  stream.removeAllListeners("data");
  stream.on("data", (bytes: Buffer) => {
    const rest = clean(filter.pass(bytes));
    if (rest.length === 0) return;
    for (const listen of listeners) listen(rest);
  });
  const write = stream.write.bind(stream);
  stream.write = (chunk: Uint8Array): boolean => {
    filter.sent(chunk);
    return write(chunk);
  };
}
