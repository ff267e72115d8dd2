/**
 * The embedded hub for tests: on a port that the system picks, in a folder of its own that goes with
 * it, with the faults of `hub.faults`, `hub.detachLinks()`, `hub.dropConnections()` and
 * `hub.expireTokens()` at hand.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hub, type HubOptions } from "#cloud/hub/hub.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";

export const TEST_HUB = "telemetry";

export interface TestHub {
  readonly hub: Hub;
  readonly dataDir: string;
  readonly connectionString: string;
  /** Stops the hub and starts it again on the same port and folder. */
  restart(): Promise<void>;
  /** Stops the hub and removes its folder. */
  stop(): Promise<void>;
}

export type TestHubOptions = Partial<HubOptions> & { partitions?: number };

export async function startTestHub(options: TestHubOptions = {}): Promise<TestHub> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "penstock-hub-")));
  const { partitions = 4, ...given } = options;
  const make = (port: number): Hub =>
    new Hub({
      clock: systemClock,
      log: silentLogger,
      hubs: [{ name: TEST_HUB, partitions, consumerGroups: ["penstock", "other"] }],
      dataDir,
      port,
      ...given,
    });
  let hub = make(options.port ?? 0);
  await hub.start();
  return {
    get hub() {
      return hub;
    },
    dataDir,
    get connectionString() {
      return hub.connectionString(TEST_HUB);
    },
    async restart() {
      const { port } = hub.address;
      await hub.stop();
      hub = make(port);
      await hub.start();
    },
    async stop() {
      await hub.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Settings under which the SDK fails, or recovers, within a test's patience. */
export const impatient = {
  retryOptions: { maxRetries: 0, timeoutInMs: 5000 },
};

/** Polls until `condition` holds; fails with its name when it does not within the deadline. */
export async function eventually(
  name: string,
  condition: () => boolean | Promise<boolean>,
  deadlineMs = 15_000,
): Promise<void> {
  const endMs = systemClock.monotonic() + deadlineMs;
  while (!(await condition())) {
    if (systemClock.monotonic() > endMs) throw new Error(`not within ${deadlineMs} ms: ${name}`);
    await systemClock.sleep(10, { name });
  }
}
