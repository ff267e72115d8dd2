/** Where a running agent can be asked: a socket beside its buffer, for a buffer has one agent. */
import { resolve } from "node:path";

/** Longer paths cannot be bound (sockaddr_un has 108 bytes on Linux). */
export const SOCKET_PATH_BYTES_MAX = 107;

/** @param bufferPath folder of the buffer, as in the agent's settings */
export function controlPathOf(bufferPath: string): string {
  return `${resolve(bufferPath)}.sock`;
}
