import { createServer } from "node:net";
import { expect, test } from "vitest";
import { createRandom } from "#core/random.ts";
import { pickFreePorts } from "#sim/programs/free-ports.ts";

test("gives distinct ports, below the ephemeral ones, that one can listen on", async () => {
  const ports = await pickFreePorts(8, createRandom(process.pid));
  expect(new Set(ports).size).toBe(8);
  for (const port of ports) expect(port).toBeLessThan(32_768);
});

test("passes over a port that is taken", async () => {
  const [taken] = await pickFreePorts(1, createRandom(process.pid));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(taken, "127.0.0.1", resolve));
  try {
    const [other] = await pickFreePorts(1, createRandom(process.pid));
    expect(other).not.toBe(taken);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
