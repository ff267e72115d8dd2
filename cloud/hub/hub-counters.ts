/** What the hub counts since its start. */
export interface HubCounters {
  eventsIn: number;
  eventsOut: number;
  bytesIn: number;
  bytesOut: number;
  /** Deliveries answered with a rejection. */
  rejected: number;
  connections: number;
  /** Connections that broke the protocol. */
  protocolErrors: number;
  /** Connections ended because of a fault of the hub itself. */
  internalErrors: number;
  /** Tokens and logins refused. */
  loginsRefused: number;
  /** Sockets closed because there were too many. */
  connectionsRefused: number;
}

export function newCounters(): HubCounters {
  return {
    eventsIn: 0,
    eventsOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    rejected: 0,
    connections: 0,
    protocolErrors: 0,
    internalErrors: 0,
    loginsRefused: 0,
    connectionsRefused: 0,
  };
}
