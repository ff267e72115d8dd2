import { pino } from "pino";
import { expect, onTestFinished } from "vitest";
import { connectionsTo } from "#cloud/store/postgres/connections.ts";
import { systemClock } from "#core/clock.ts";
import { RateLimitedLog } from "#core/log.ts";
import { peerTest } from "#test/support/peer.ts";
import { PostgresServer, postgres } from "#test/support/postgres.ts";
import { until } from "#test/support/until.ts";

peerTest("a connection that breaks between two queries ends nobody", [postgres], async () => {
  const server = await PostgresServer.start();
  onTestFinished(() => server.remove());
  const lines: string[] = [];
  const logger = pino({}, { write: (text: string) => void lines.push(text) });
  const { work, reading } = connectionsTo(
    await server.emptyDatabase(),
    new RateLimitedLog(logger, systemClock),
  );
  onTestFinished(() => Promise.all([work.end(), reading.end()]).then(() => undefined));
  const client = await work.connect();
  await client.query("BEGIN");
  await server.halt("SIGQUIT");
  await until(() => lines.some((line) => line.includes("a connection to the database broke")));
  await expect(client.query("COMMIT")).rejects.toThrow(/connection/i);
  client.release(true);
});
