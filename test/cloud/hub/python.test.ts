/** The hub against a client that nobody here wrote, and in another language. */
// oxlint-disable vitest/no-standalone-expect -- peerTest() is a test.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect } from "vitest";
import { partitionOfKey } from "#cloud/hub/partition-key.ts";
import { startTestHub } from "#test/support/hub.ts";
import { type Peer, peerTest } from "#test/support/peer.ts";
import { openssl, selfSigned } from "./self-signed.ts";

const python3Azure: Peer = {
  probe: ["/usr/bin/python3", "-c", "import azure.eventhub"],
  debianPackage: "python3-azure",
};

const SCRIPT = fileURLToPath(new URL("python-client.py", import.meta.url));

describe("Debian's azure-eventhub for Python, over TLS,", () => {
  peerTest(
    "sends by key and reads from every kind of position",
    [python3Azure, openssl],
    async () => {
      const { key, cert, certPath } = await selfSigned();
      const hub = await startTestHub({ partitions: 4, tls: { key, cert } });
      const { port } = hub.hub.address;
      const text = hub.connectionString.replace(`127.0.0.1:${port}`, "localhost");
      try {
        const run = promisify(execFile)(
          "/usr/bin/python3",
          [SCRIPT, text, certPath, String(port)],
          {
            timeout: 50_000,
            env: { PATH: "/usr/bin:/bin", PYTHONWARNINGS: "ignore" },
          },
        );
        const { stdout } = await run;
        const seen = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
        expect(seen).toMatchObject({ partitions: ["0", "1", "2", "3"], empty: true, errors: [] });
        for (const [name, partition] of Object.entries(seen.keyed)) {
          expect(partition, `partition of ${name}`).toBe(partitionOfKey(name, 4));
        }
        expect(seen.received).toBe(seen.before + 1 + seen.sent);
        expect(seen.sent).toBeGreaterThan(3000);
        expect(seen.raw).toMatchObject({
          body: [0, 1, ...Buffer.from("raw")],
          properties: { k: "v", n: 5 },
          message_id: "mid",
          content_type: "application/octet-stream",
          sequence: seen.before + 1,
        });
        expect(seen.newest).toBeGreaterThanOrEqual(seen.before + 1);
        expect(seen.by_sequence).toBe(seen.middle + 1);
        expect(seen.by_sequence_inclusive).toBe(seen.middle);
        expect(seen.by_offset).toBe(seen.middle + 1);
        expect(seen.by_time).toBe(seen.before + 1);
      } finally {
        await hub.stop();
      }
    },
  );
});
