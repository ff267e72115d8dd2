import { join } from "node:path";
import { EventHubProducerClient } from "@azure/event-hubs";
import { describe, expect, test } from "vitest";
import { systemClock } from "#core/clock.ts";
import { eventually, impatient } from "#test/support/hub.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { runHubCommand } from "./run-hub-command.ts";

/** Retries soon, and does not wait long for an answer. */
const patient = {
  retryOptions: { maxRetries: 10, retryDelayInMs: 50, maxRetryDelayInMs: 200, timeoutInMs: 1000 },
};

/** The hub as the command runs it, and a way to ask it for a fault. */
async function withCommand(
  run: (connectionString: string, fault: (...args: string[]) => Promise<void>) => Promise<void>,
): Promise<void> {
  const data = join(await tempFolder(), "data");
  const hub = runHubCommand(["--port", "0", "--data", data, "--partitions", "2"]);
  await eventually("the first line", () => hub.out.length > 0);
  await run((hub.out[0] ?? "").trim(), async (...args) => {
    const asked = runHubCommand(["fault", ...args, "--data", data]);
    expect({ code: await asked.code, err: asked.err }).toEqual({ code: 0, err: [] });
  });
  hub.stop();
  await hub.code;
}

async function send(producer: EventHubProducerClient): Promise<unknown> {
  return producer.sendBatch([{ body: "x" }], { partitionId: "0" }).catch((error: unknown) => error);
}

async function stored(producer: EventHubProducerClient): Promise<number> {
  return (await producer.getPartitionProperties("0")).lastEnqueuedSequenceNumber + 1;
}

describe("a fault from the command line", () => {
  test.each([
    ["throttle", ["throttle", "--for", "1m", "--delay", "50ms"], "ServerBusyError"],
    ["refuse", ["refuse", "--partition", "0"], "ServerBusyError"],
    ["quota", ["quota"], "QuotaExceededError"],
    ["time-out", ["time-out"], "ServiceUnavailableError"],
  ])(
    "%s refuses sends until clear",
    async (_name, args, code) => {
      await withCommand(async (connectionString, fault) => {
        const producer = new EventHubProducerClient(connectionString, impatient);
        await fault(...args);
        expect(await send(producer)).toMatchObject({ code });
        await fault("clear");
        expect(await send(producer)).toBeUndefined();
        await producer.close();
      });
    },
    20_000,
  );

  test.each([
    ["confirm-drop", 2],
    ["confirm-lose", 2],
    ["detach", 1],
    ["drop", 1],
    ["expire", 1],
  ])(
    "%s is survived by a client that retries",
    async (name, copies) => {
      await withCommand(async (connectionString, fault) => {
        const producer = new EventHubProducerClient(connectionString, patient);
        expect(await send(producer)).toBeUndefined();
        await fault(name);
        expect(await send(producer)).toBeUndefined();
        expect(await stored(producer)).toBe(1 + copies);
        await producer.close();
      });
    },
    20_000,
  );

  test("delay holds confirmations back until clear", async () => {
    await withCommand(async (connectionString, fault) => {
      const producer = new EventHubProducerClient(connectionString, impatient);
      expect(await send(producer)).toBeUndefined();
      await fault("delay", "--for", "300ms");
      const startedMs = systemClock.monotonic();
      expect(await send(producer)).toBeUndefined();
      expect(systemClock.monotonic() - startedMs).toBeGreaterThanOrEqual(299);
      await producer.close();
    });
  });
});
