import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type ControlClient, runningAgent } from "#agent/control/control-client.ts";
import { ControlServer } from "#agent/control/control-server.ts";
import { notifyRoutes } from "#agent/control/notify-routes.ts";
import type { JournalEntry } from "#core/alarms/contract.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import type { ChannelStatus } from "#core/notify/notifications.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

const channel: ChannelStatus = {
  address: "shift.webhook",
  recipient: "shift",
  kind: "webhook",
  waiting: 2,
  lastSuccess: null,
  lastFailure: 1,
  lastError: "away",
  failuresInARow: 1,
  delivered: 0,
  failed: 1,
};

async function agent(journal: readonly JournalEntry[] = []): Promise<ControlClient> {
  const buffer = join(await tempFolder(), "buffer");
  const routes = notifyRoutes(
    {
      status: () => [channel],
      test: async (name) => {
        await Promise.resolve();
        return name === "shift" ? [{ address: "shift.webhook", error: "away" }] : undefined;
      },
    },
    () => journal,
  );
  const path = `${buffer}.sock`;
  const server = new ControlServer({ path, routes, clock: systemClock, log: silentLogger });
  await server.start();
  onTestFinished(() => server.stop());
  return await runningAgent(buffer);
}

test("a command sees how each way fares, and tries a recipient", async () => {
  const client = await agent();
  expect(await client.ask("GET /notify")).toEqual([channel]);
  expect(await client.ask("POST /notify/test", { body: { recipient: "shift" } })).toEqual([
    { address: "shift.webhook", error: "away" },
  ]);
});

test("what an earlier process told, and gave up, is in the journal", async () => {
  const entry = { key: "a/b/c", by: "penstock" };
  const client = await agent([
    { ...entry, id: 3, at: 300, kind: "notified", note: "shift.mail" },
    { ...entry, id: 2, at: 200, kind: "notified", note: "shift.webhook" },
    { ...entry, id: 1, at: 100, kind: "notification-failed", note: "shift.webhook: refused" },
  ]);
  expect(await client.ask("GET /notify")).toEqual([
    // Of failures this process knows a later one itself.
    { ...channel, lastSuccess: 200 },
  ]);
});

test("a recipient that the running agent does not know is said so", async () => {
  const asking = (await agent()).ask("POST /notify/test", { body: { recipient: "new" } });
  await expect(asking).rejects.toMatchObject({
    code: "CONTROL_FAILED",
    message: 'the running agent knows no recipient "new": does it run with another file?',
  });
});

test("a request that makes no sense is refused", async () => {
  const asking = (await agent()).ask("POST /notify/test", { body: { recipient: 1 } });
  await expect(asking).rejects.toThrow(/no test of a recipient/);
});
