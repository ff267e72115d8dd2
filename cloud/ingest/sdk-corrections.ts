/**
 * Two faults of the SDK (6.0.4), corrected from outside. It offers no other way than to reach into
 * the client: tests against the hub see that this still fits.
 */
import type { EventHubConsumerClient, RetryOptions } from "@azure/event-hubs";

interface ReceiverLink {
  credit: number;
  addCredit(credit: number): void;
}

interface Connection {
  createReceiver(options: unknown): Promise<ReceiverLink>;
}

interface ManagementSession {
  getEventHubProperties(options: object): Promise<unknown>;
}

interface ConnectionContext {
  connection: Connection;
  managementSession: ManagementSession;
  refreshConnection(): void;
}

/** `creditMax` is asked whenever a link's credit is to grow. */
export function correctClient(
  client: EventHubConsumerClient,
  retryOptions: RetryOptions,
  creditMax: () => number,
): void {
  const context: unknown = Reflect.get(client, "_context");
  if (!isContext(context)) throw new TypeError("this version of @azure/event-hubs is not known");
  boundCredit(context, creditMax);
  retryManagement(context.managementSession, retryOptions);
}

/**
 * The SDK grants its prefetch count anew at each receive call, without counting what it granted
 * before (partitionReceiver.js): with idle partitions, or many small batches, the credit grows
 * without bound, and a backlog would land in memory at the hub's pace.
 */
function boundCredit(context: ConnectionContext, creditMax: () => number): void {
  boundConnection(context.connection, creditMax);
  const refresh = context.refreshConnection.bind(context);
  // After a disconnection the SDK goes on with a new connection object.
  context.refreshConnection = () => {
    refresh();
    boundConnection(context.connection, creditMax);
  };
}

function boundConnection(connection: Connection, creditMax: () => number): void {
  const create = connection.createReceiver.bind(connection);
  connection.createReceiver = async (options) => {
    const link = await create(options);
    const addCredit = link.addCredit.bind(link);
    link.addCredit = (wanted) => {
      const missing = Math.min(wanted, creditMax()) - link.credit;
      if (missing > 0) addCredit(missing);
    };
    return link;
  };
}

/**
 * The balancer asks for the hub's partitions without the client's retry options (eventProcessor.js):
 * after one refused connection it would sit out the default delay of 30 s.
 */
function retryManagement(session: ManagementSession, retryOptions: RetryOptions): void {
  const getEventHubProperties = session.getEventHubProperties.bind(session);
  session.getEventHubProperties = async (options) =>
    getEventHubProperties({ retryOptions, ...options });
}

function isContext(value: unknown): value is ConnectionContext {
  if (typeof value !== "object" || value === null) return false;
  const { connection, managementSession, refreshConnection } = value as Partial<ConnectionContext>;
  return (
    typeof refreshConnection === "function" &&
    typeof connection?.createReceiver === "function" &&
    typeof managementSession?.getEventHubProperties === "function"
  );
}
