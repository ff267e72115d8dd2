/** The SDK's client, set up so that each operation is tried once: the uplink tries again itself. */
import { EventHubProducerClient } from "@azure/event-hubs";

export interface HubTarget {
  connectionString: string;
  hub: string;
}

export function makeProducer(target: HubTarget, timeoutMs: number): EventHubProducerClient {
  return new EventHubProducerClient(target.connectionString, target.hub, {
    retryOptions: { maxRetries: 0, timeoutInMs: timeoutMs },
  });
}
