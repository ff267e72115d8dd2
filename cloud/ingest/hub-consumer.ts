/** The SDK's consumer, set up to balance by the store, and to try again soon. */
import { type CheckpointStore, EventHubConsumerClient } from "@azure/event-hubs";
import type { HubAccess } from "#core/event-hubs/access.ts";
import { connectionOptionsOf } from "#core/event-hubs/connection-options.ts";
import { keepLinkAddresses } from "#core/event-hubs/link-addresses.ts";
import { OWNERSHIP_EXPIRES_MS } from "./owned-partitions.ts";
import { correctClient } from "./sdk-corrections.ts";

export type HubSource = HubAccess & { consumerGroup: string };

/** The SDK waits 60 s by default, also for a hub that was back after one. */
const RETRY = { timeoutInMs: 3000, maxRetries: 3, retryDelayInMs: 300, maxRetryDelayInMs: 3000 };
const BALANCE_EVERY_MS = 1000;

export function makeConsumer(
  source: HubSource,
  owned: CheckpointStore,
  identifier: string,
  creditMax: () => number,
): EventHubConsumerClient {
  const { consumerGroup, hub } = source;
  const options = {
    ...connectionOptionsOf(source),
    identifier,
    retryOptions: RETRY,
    loadBalancingOptions: {
      strategy: "greedy",
      updateIntervalInMs: BALANCE_EVERY_MS,
      partitionOwnershipExpirationIntervalInMs: OWNERSHIP_EXPIRES_MS,
    },
  } as const;
  const client =
    "connectionString" in source
      ? new EventHubConsumerClient(consumerGroup, source.connectionString, hub, owned, options)
      : new EventHubConsumerClient(
          consumerGroup,
          source.namespace,
          hub,
          source.credential,
          owned,
          options,
        );
  correctClient(client, RETRY, creditMax);
  keepLinkAddresses(client);
  return client;
}
