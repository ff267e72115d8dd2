/** An embedded store of the test's own, fed as by the ingest of one partition. */
import { onTestFinished } from "vitest";
import type { Delivery } from "#cloud/store/contract.ts";
import { SqliteStore } from "#cloud/store/sqlite/sqlite-store.ts";
import type { ChunkContent } from "#core/chunk.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { chunkId, commit, event, own } from "#test/contracts/store-fixtures.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

export class FedStore {
  readonly store: SqliteStore;
  /** Events by now. */
  sent = 0;

  private constructor(store: SqliteStore) {
    this.store = store;
  }

  /** Stops, and is removed, when the test is over. */
  static async start(): Promise<FedStore> {
    const folder = await tempFolder();
    const options = { folder, foldEveryMs: 1e9, clock: systemClock, log: silentLogger };
    const store = new SqliteStore(options);
    await store.start();
    onTestFinished(() => store.stop());
    await own(store);
    return new FedStore(store);
  }

  /** In an event of its own. */
  async send(content: ChunkContent, more: Partial<Delivery> = {}): Promise<void> {
    const { sent } = this;
    await this.deliver({ ...event(sent, [{ id: chunkId(sent), content }]), ...more });
  }

  async deliver(delivery: Delivery): Promise<void> {
    await commit(this.store, [delivery]);
    this.sent += 1;
  }
}
