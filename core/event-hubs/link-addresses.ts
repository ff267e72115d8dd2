/**
 * A fault of the SDK's lower layers (@azure/core-amqp 4, requestResponseLink.js, on rhea-promise 3,
 * link.js), corrected from outside: a request whose time is over asks its link for the address, and a
 * link that has lost its connection has none, and throws. It does so in a timer, which ends the
 * process. So each link keeps the address that it was made with.
 */

interface Session {
  createReceiver(options?: unknown): Promise<object>;
}

interface Connection {
  createSession(options?: unknown): Promise<Session>;
}

interface ConnectionContext {
  connection: Connection;
  refreshConnection(): void;
}

/** Of a client of Event Hubs, before its first use. */
export function keepLinkAddresses(client: object): void {
  const context: unknown = Reflect.get(client, "_context");
  if (!isContext(context)) throw new TypeError("this version of @azure/event-hubs is not known");
  keepIn(context.connection);
  const refresh = context.refreshConnection.bind(context);
  // After a disconnection the SDK goes on with a new connection object.
  context.refreshConnection = () => {
    refresh();
    keepIn(context.connection);
  };
}

function keepIn(connection: Connection): void {
  const createSession = connection.createSession.bind(connection);
  connection.createSession = async (options) => {
    const session = await createSession(options);
    const createReceiver = session.createReceiver.bind(session);
    session.createReceiver = async (wanted) => {
      const receiver = await createReceiver(wanted);
      Object.defineProperty(receiver, "address", { value: addressIn(wanted) });
      return receiver;
    };
    return session;
  };
}

function addressIn(options: unknown): unknown {
  const source = isObject(options) ? options["source"] : undefined;
  return isObject(source) ? source["address"] : source;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isContext(value: unknown): value is ConnectionContext {
  if (typeof value !== "object" || value === null) return false;
  const { connection, refreshConnection } = value as Partial<ConnectionContext>;
  return typeof refreshConnection === "function" && typeof connection?.createSession === "function";
}
