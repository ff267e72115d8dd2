/** A library's habit that a gateway has no memory for. */
import { writeToStream } from "mqtt-packet";

/**
 * Packet ids are written as they come. The library would else make a buffer for each of the 65,536 at
 * the first packet, which takes 9 MB for as long as the process lives.
 */
export function keepNoPacketNumbers(): void {
  writeToStream.cacheNumbers = false;
}
