/** The SDK's client, set up so that each operation is tried once: the uplink tries again itself. */
import { EventHubProducerClient } from "@azure/event-hubs";
import type { HubAccess } from "#core/event-hubs/access.ts";
import { connectionOptionsOf } from "#core/event-hubs/connection-options.ts";
import { keepLinkAddresses } from "#core/event-hubs/link-addresses.ts";

export function makeProducer(access: HubAccess, timeoutMs: number): EventHubProducerClient {
  const options = {
    ...connectionOptionsOf(access),
    retryOptions: { maxRetries: 0, timeoutInMs: timeoutMs },
  };
  const client =
    "connectionString" in access
      ? new EventHubProducerClient(access.connectionString, access.hub, options)
      : new EventHubProducerClient(access.namespace, access.hub, access.credential, options);
  keepLinkAddresses(client);
  return client;
}
