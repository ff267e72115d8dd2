/**
 * Bounds what the hub may send ahead. The SDK (6.0.4, partitionReceiver.js) grants its prefetch count
 * anew at each receive call without counting what it granted before: with idle partitions, or many
 * small batches, the credit grows without bound, and a backlog would land in memory at the hub's pace.
 */
import type { EventHubConsumerClient } from "@azure/event-hubs";

interface ReceiverLink {
  credit: number;
  addCredit(credit: number): void;
}

interface Connection {
  createReceiver(options: unknown): Promise<ReceiverLink>;
}

interface ConnectionContext {
  connection: Connection;
  refreshConnection(): void;
}

/** Reaches into the client, of which the SDK offers no part: a test sees that it still fits. */
export function guardCredit(client: EventHubConsumerClient): void {
  const context: unknown = Reflect.get(client, "_context");
  if (!isContext(context)) throw new TypeError("this version of @azure/event-hubs is not known");
  guardConnection(context.connection);
  const refresh = context.refreshConnection.bind(context);
  // After a disconnection the SDK goes on with a new connection object.
  context.refreshConnection = () => {
    refresh();
    guardConnection(context.connection);
  };
}

function guardConnection(connection: Connection): void {
  const create = connection.createReceiver.bind(connection);
  connection.createReceiver = async (options) => {
    const link = await create(options);
    const addCredit = link.addCredit.bind(link);
    link.addCredit = (wanted) => {
      const missing = wanted - link.credit;
      if (missing > 0) addCredit(missing);
    };
    return link;
  };
}

function isContext(value: unknown): value is ConnectionContext {
  if (typeof value !== "object" || value === null) return false;
  const { connection, refreshConnection } = value as Partial<ConnectionContext>;
  return (
    typeof refreshConnection === "function" && typeof connection?.createReceiver === "function"
  );
}
