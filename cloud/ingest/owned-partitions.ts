/** The SDK's `CheckpointStore` on our own store: owners and positions of one life of one hub. */
import type { Checkpoint, CheckpointStore, PartitionOwnership } from "@azure/event-hubs";
import type { Clock } from "#core/clock.ts";
import type { HubScope, Ownership, PartitionPosition, Store } from "../store/contract.ts";

/** An owner that was not heard of for this long is dead. */
export const OWNERSHIP_EXPIRES_MS = 30_000;
/** The SDK renews every claim at every turn of its loop; writing each would be a sync each. */
const RENEW_AFTER_MS = 10_000;

interface Held {
  etag: string;
  writtenAtMs: number;
}

export class OwnedPartitions implements CheckpointStore {
  readonly #store: Store;
  readonly #scope: () => HubScope;
  readonly #clock: Clock;
  readonly #owner: string;
  readonly #held = new Map<string, Held>();

  constructor(store: Store, scope: () => HubScope, clock: Clock, owner: string) {
    this.#store = store;
    this.#scope = scope;
    this.#clock = clock;
    this.#owner = owner;
  }

  async listOwnership(): Promise<PartitionOwnership[]> {
    const ownerships = await this.#store.ownerships(this.#scope());
    return ownerships.map((ownership) => this.#toSdk(ownership));
  }

  async claimOwnership(claims: PartitionOwnership[]): Promise<PartitionOwnership[]> {
    const granted: PartitionOwnership[] = [];
    for (const claim of claims) {
      if (this.#isFresh(claim)) {
        granted.push(claim);
        continue;
      }
      const { partitionId: partition, ownerId: owner, etag } = claim;
      const won = await this.#store.claim(this.#scope(), [{ partition, owner, etag }]);
      for (const ownership of won) {
        this.#note(ownership);
        granted.push(this.#toSdk(ownership));
      }
    }
    return granted;
  }

  /** Gives a partition up, if it is still ours, so that anybody may claim it at once. */
  async release(partition: string): Promise<void> {
    this.#held.delete(partition);
    const ownerships = await this.#store.ownerships(this.#scope());
    const ownership = ownerships.find((entry) => entry.partition === partition);
    if (ownership?.owner !== this.#owner) return;
    await this.#store.claim(this.#scope(), [{ partition, owner: "", etag: ownership.etag }]);
  }

  /** Gives up all that is ours: what still comes under our name is fenced from now on. */
  async releaseAll(): Promise<void> {
    this.#held.clear();
    const ownerships = await this.#store.ownerships(this.#scope());
    const ours = ownerships.filter(({ owner }) => owner === this.#owner);
    const claims = ours.map(({ partition, etag }) => ({ partition, owner: "", etag }));
    if (claims.length > 0) await this.#store.claim(this.#scope(), claims);
  }

  async listCheckpoints(): Promise<Checkpoint[]> {
    const positions = await this.#store.positions(this.#scope());
    return positions.map((position) => this.#toCheckpoint(position));
  }

  /** Positions are written with the data, in one transaction, and never from here. */
  async updateCheckpoint(): Promise<void> {}

  #isFresh(claim: PartitionOwnership): boolean {
    const held = this.#held.get(claim.partitionId);
    return (
      held !== undefined &&
      claim.ownerId === this.#owner &&
      claim.etag === held.etag &&
      this.#clock.monotonic() - held.writtenAtMs < RENEW_AFTER_MS
    );
  }

  #note({ partition, owner, etag }: Ownership): void {
    if (owner === this.#owner) {
      this.#held.set(partition, { etag, writtenAtMs: this.#clock.monotonic() });
    } else {
      this.#held.delete(partition);
    }
  }

  #toSdk({ partition, owner, etag, modifiedAtMs }: Ownership): PartitionOwnership {
    return {
      ...this.#names(),
      partitionId: partition,
      ownerId: owner,
      etag,
      lastModifiedTimeInMs: modifiedAtMs,
    };
  }

  #toCheckpoint({ partition, sequenceNumber, offset }: PartitionPosition): Checkpoint {
    return { ...this.#names(), partitionId: partition, sequenceNumber, offset };
  }

  #names(): { fullyQualifiedNamespace: string; eventHubName: string; consumerGroup: string } {
    const { namespace, hub, consumerGroup } = this.#scope();
    return { fullyQualifiedNamespace: namespace, eventHubName: hub, consumerGroup };
  }
}
