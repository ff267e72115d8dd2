import { createHmac } from "node:crypto";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EventHubProducerClient } from "@azure/event-hubs";
import { describe, expect, test } from "vitest";
import {
  AccessKeys,
  generatedPolicies,
  readAccessPolicies,
} from "#cloud/hub/access/access-keys.ts";
import { Claims } from "#cloud/hub/access/claims.ts";
import { verifySasToken } from "#cloud/hub/access/sas-token.ts";
import { systemClock } from "#core/clock.ts";
import { eventually, impatient, startTestHub } from "#test/support/hub.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

const NOW_MS = 1_800_000_000_000;
const KEYS = new AccessKeys([
  { name: "all", key: "secret", rights: ["Manage", "Send", "Listen"] },
  { name: "listen", key: "other", rights: ["Listen"] },
]);

function token(
  options: { uri?: string; key?: string; name?: string; expiresS?: number } = {},
): string {
  const {
    uri = "sb://host:5672/telemetry",
    key = "secret",
    name = "all",
    expiresS = NOW_MS / 1000 + 60,
  } = options;
  const resource = encodeURIComponent(uri);
  const signature = createHmac("sha256", key).update(`${resource}\n${expiresS}`).digest("base64");
  return `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expiresS}&skn=${name}`;
}

describe("a shared access signature", () => {
  test("that is right grants its policy's rights below its path", () => {
    const verdict = verifySasToken(token(), KEYS, NOW_MS);
    expect(verdict).toMatchObject({
      kind: "granted",
      grant: { path: "telemetry", expiresMs: NOW_MS + 60_000 },
    });
  });

  test.each([
    ["with a wrong key", token({ key: "guess" }), "InvalidSignature"],
    ["of an unknown policy", token({ name: "who" }), "InvalidSignature"],
    ["that has expired", token({ expiresS: NOW_MS / 1000 - 1 }), "ExpiredToken"],
    [
      "whose path was changed after signing",
      token().replace("telemetry", "other"),
      "InvalidSignature",
    ],
    ["without a signature", "SharedAccessSignature sr=a&se=1&skn=all", "MalformedToken"],
    [
      "with broken percent signs",
      "SharedAccessSignature sr=%&sig=a&se=1&skn=all",
      "MalformedToken",
    ],
    ["of another kind", "Bearer abc", "MalformedToken"],
  ])("%s is refused", (_name, text, reason) => {
    const verdict = verifySasToken(text, KEYS, NOW_MS);
    expect(verdict).toMatchObject({ kind: "refused", reason: expect.stringContaining(reason) });
  });

  test("grants nothing beside its path, nothing beyond its rights, nothing after its time", () => {
    const claims = new Claims();
    const rights = new Set(["Listen" as const]);
    claims.add("telemetry", { rights, expiresMs: NOW_MS, path: "telemetry" });
    const path = "telemetry/consumergroups/penstock/partitions/0";
    expect(claims.allows(path, "Listen", NOW_MS - 1)).toBe(true);
    expect(claims.allows("telemetry2", "Listen", NOW_MS - 1)).toBe(false);
    expect(claims.allows(path, "Send", NOW_MS - 1)).toBe(false);
    expect(claims.allows(path, "Listen", NOW_MS)).toBe(false);
  });
});

describe("the hub's keys", () => {
  test("are made once, for the owner's eyes only", async () => {
    const folder = await tempFolder();
    const made = generatedPolicies(folder);
    expect(generatedPolicies(folder)).toEqual(made);
    expect(statSync(join(folder, "keys.json")).mode & 0o777).toBe(0o600);
    expect(Buffer.from(made[0]!.key, "base64")).toHaveLength(32);
  });

  test("in a file of another form are refused with an example", async () => {
    const path = join(await tempFolder(), "keys.json");
    writeFileSync(path, '[{"name":"a","key":"b","rights":["Own"]}]');
    expect(() => readAccessPolicies(path)).toThrow(/"rights": \["Manage"/);
  });
});

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

describe("a client", () => {
  const policies = [
    { name: "all", key: "secret", rights: ["Manage", "Send", "Listen"] as const },
    { name: "listen", key: "other", rights: ["Listen"] as const },
  ];
  const sendWith = async (name: string, key: string): Promise<unknown> => {
    const hub = await startTestHub({ keys: policies });
    const text = hub.connectionString
      .replace("Name=all", `Name=${name}`)
      .replace("Key=secret", `Key=${key}`);
    const producer = new EventHubProducerClient(text, impatient);
    try {
      return await producer.sendBatch([{ body: 1 }]).catch((error: unknown) => error);
    } finally {
      await producer.close().catch(() => {});
      await hub.stop();
    }
  };

  test("with the right key may send, with a wrong or a listening one not", async () => {
    expect(await sendWith("all", "secret")).toBeUndefined();
    expect(await sendWith("all", "wrong")).toMatchObject({ code: "UnauthorizedError" });
    expect(await sendWith("listen", "other")).toMatchObject({ code: "UnauthorizedError" });
  });

  test("whose token is for another hub may not touch this one", async () => {
    const hub = await startTestHub({
      keys: policies,
      hubs: [
        { name: "telemetry", partitions: 1 },
        { name: "secrets", partitions: 1 },
      ],
    });
    const signature = token({
      uri: `sb://127.0.0.1:${hub.hub.address.port}/secrets`,
      expiresS: Math.ceil(systemClock.now() / 1000) + 60,
    });
    const producer = new EventHubProducerClient(
      "127.0.0.1",
      "telemetry",
      {
        getToken: async () => ({
          token: signature,
          expiresOnTimestamp: systemClock.now() + 60_000,
        }),
      },
      impatient,
    );
    await producer.close();
    const text = `Endpoint=sb://127.0.0.1:${hub.hub.address.port};SharedAccessSignature=${signature};UseDevelopmentEmulator=true;EntityPath=telemetry`;
    const stranger = new EventHubProducerClient(text, impatient);
    await expect(stranger.sendBatch([{ body: 1 }])).rejects.toMatchObject({
      code: "UnauthorizedError",
    });
    await stranger.close();
    await hub.stop();
  });

  test("whose token runs out on an open link loses the link", async () => {
    const hub = await startTestHub({ keys: policies });
    const { port } = hub.hub.address;
    const expiresS = Math.ceil(systemClock.now() / 1000) + 2;
    const signature = token({ uri: `sb://127.0.0.1:${port}/telemetry`, expiresS });
    const text = `Endpoint=sb://127.0.0.1:${port};SharedAccessSignature=${signature};UseDevelopmentEmulator=true;EntityPath=telemetry`;
    const producer = new EventHubProducerClient(text, impatient);
    await producer.sendBatch([{ body: 1 }], { partitionId: "0" });
    const publishLinks = (): number => {
      const [connection] = [...hub.hub.connections()];
      return [...(connection?.links() ?? [])].length;
    };
    const before = publishLinks();
    await eventually("the link's end", () => publishLinks() < before, 10_000);
    // A send that crosses the detach is never answered, and runs into its time-out first.
    const refusal = async (): Promise<unknown> =>
      producer.sendBatch([{ body: 2 }], { partitionId: "0" }).catch((error: unknown) => error);
    const first = await refusal();
    const last = hasCode(first, "OperationTimeoutError") ? await refusal() : first;
    expect(last).toMatchObject({ code: "UnauthorizedError" });
    await producer.close();
    await hub.stop();
  }, 30_000);
});
