/**
 * The readers of one consumer group, and the rules of owner levels (epochs): the highest level reads
 * alone; an equal or higher one takes over; without a level at most five read side by side.
 * https://learn.microsoft.com/azure/event-hubs/event-hubs-features#consumer-groups
 */
import type { AmqpError } from "./amqp/frames.ts";

const READERS_WITHOUT_LEVEL_MAX = 5;

export interface GroupReader {
  readonly name: string;
  readonly ownerLevel: number | undefined;
  /** Next sequence number that it will be sent, for the lag shown to people. */
  readonly nextSeq: number;
  /** Ends its link with the error. */
  detach(error: AmqpError): void;
}

export class ReaderGroup {
  readonly name: string;
  readonly #readers = new Map<number, Set<GroupReader>>();
  /** By partition, where its last reader stopped. */
  readonly #stoppedAt = new Map<number, number>();

  constructor(name: string) {
    this.name = name;
  }

  readersOf(partition: number): ReadonlySet<GroupReader> {
    return this.#readers.get(partition) ?? new Set();
  }

  /** Why the reader may not come in, or `undefined` when it may. */
  refusal(
    partition: number,
    reader: Omit<GroupReader, "detach" | "nextSeq">,
  ): AmqpError | undefined {
    const readers = this.readersOf(partition);
    const { name, ownerLevel } = reader;
    const top = topLevel(readers);
    if (ownerLevel === undefined && top !== undefined) {
      return stolen(
        `At least one receiver for the endpoint is created with epoch of '${top}', and so non-epoch receiver is not allowed. Either reconnect with a higher epoch, or make sure all epoch receivers are closed or disconnected.`,
      );
    }
    if (ownerLevel !== undefined && top !== undefined && ownerLevel < top) {
      return stolen(
        `Receiver '${name}' with a higher epoch '${top}' already exists. Receiver '${name}' with epoch ${ownerLevel} cannot be created. Make sure you are creating receiver with increasing epoch value to ensure connectivity, or ensure all old epoch receivers are closed or disconnected.`,
      );
    }
    if (ownerLevel === undefined && readers.size >= READERS_WITHOUT_LEVEL_MAX) {
      const description = `Exceeded the maximum number of allowed receivers per partition in a consumer group which is ${READERS_WITHOUT_LEVEL_MAX}.`;
      return { condition: "amqp:resource-limit-exceeded", description };
    }
    return undefined;
  }

  /** Lets the reader in; with an owner level, everybody else is disconnected. */
  enter(partition: number, reader: GroupReader): void {
    const { name, ownerLevel } = reader;
    if (ownerLevel !== undefined) {
      // Leaving the set while it is walked is safe: each reader removes only itself.
      for (const other of this.readersOf(partition)) {
        const level = other.ownerLevel ?? "";
        other.detach(
          stolen(
            `New receiver '${name}' with higher epoch of '${ownerLevel}' is created hence current receiver '${other.name}' with epoch '${level}' is getting disconnected. If you are recreating the receiver, make sure a higher epoch is used.`,
          ),
        );
      }
    }
    const readers = this.#readers.get(partition) ?? new Set();
    readers.add(reader);
    this.#readers.set(partition, readers);
  }

  leave(partition: number, reader: GroupReader): void {
    const readers = this.#readers.get(partition);
    if (readers?.delete(reader) && readers.size === 0) {
      this.#stoppedAt.set(partition, reader.nextSeq);
    }
  }

  /**
   * The next sequence number of the slowest reader, or where the last one stopped; `undefined` when
   * the group has not read the partition since the hub's start.
   */
  nextSeqOf(partition: number): number | undefined {
    const readers = this.readersOf(partition);
    if (readers.size === 0) return this.#stoppedAt.get(partition);
    return Math.min(...[...readers].map(({ nextSeq }) => nextSeq));
  }
}

function topLevel(readers: Iterable<GroupReader>): number | undefined {
  let top: number | undefined;
  for (const { ownerLevel } of readers) {
    if (ownerLevel !== undefined && (top === undefined || ownerLevel > top)) top = ownerLevel;
  }
  return top;
}

function stolen(description: string): AmqpError {
  return { condition: "amqp:link:stolen", description };
}
