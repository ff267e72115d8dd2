import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ConfigError, renderFaults } from "#config/faults/faults.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { loadSink } from "#config/loading/load-sink.ts";

// Many runs each, on machines that other work may keep busy.
vi.setConfig({ testTimeout: 60_000 });

const examples = join(import.meta.dirname, "../../../config/examples");
const secrets = { environment: { PENSTOCK_SECRET_EVENT_HUBS: "an example's key" } };

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "penstock-config-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function errorOf(run: () => unknown): ConfigError {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const MINIMAL = `version: 1
gateway: hall-3
uplink: { eventHubs: { namespace: plant.servicebus.windows.net, hub: telemetry, key: abc } }
`;

test("the example of a gateway's file is good", () => {
  const settings = loadGateway(join(examples, "gateway.yaml"), secrets);
  expect(settings.devices["oven-2"]?.every).toBe(500);
  expect(settings.buffer.maxBytes).toBe(8 * 2 ** 30);
  expect(settings.uplink?.eventHubs).toMatchObject({ key: "an example's key" });
});

test("the example of a sink's file is good", () => {
  const settings = loadSink(join(examples, "sink.yaml"), secrets);
  expect(settings.source.consumerGroup).toBe("$Default");
  expect(settings.foldEvery).toBe(15_000);
});

test("three lines are enough: everything else has a default", () => {
  const settings = loadGateway({ file: "g.yaml", text: MINIMAL }, secrets);
  expect(settings).toMatchObject({
    buffer: { lanes: 8, linger: 10, whenFull: "drop-oldest" },
    http: { listen: { host: "127.0.0.1", port: 8080 } },
    devices: {},
  });
});

test("an IPv6 address is written in brackets, and comes out without", () => {
  const text = `${MINIMAL}http: { listen: "[::1]:8080" }\n`;
  const settings = loadGateway({ file: "g.yaml", text }, secrets);
  expect(settings.http.listen).toEqual({ host: "::1", port: 8080 });
});

test("a whole number may be a key, as in the names of raw values", () => {
  const tag = "{ register: 40001, values: { 0: stopped, 1: running } }";
  const text = `${MINIMAL}buses: { packer: { modbus: tcp, host: plc } }
devices: { 4711: { bus: packer, tags: { state: ${tag} } } }
`;
  const settings = loadGateway({ file: "g.yaml", text }, secrets);
  expect(settings.devices["4711"]?.tags["state"]?.values).toEqual({ 0: "stopped", 1: "running" });
});

test("a sink's file is judged by the same rules", () => {
  const text =
    "version: 1\nsource: { namespace: plant, hub: telemetry, key: abc }\nfoldevery: 5s\n";
  const { faults } = errorOf(() => loadSink({ file: "sink.yaml", text }, secrets));
  expect(faults).toMatchObject([
    {
      line: 3,
      column: 1,
      message: 'unknown key "foldevery"',
      suggestion: 'did you mean "foldEvery"?',
    },
  ]);
});

describe("a file that cannot be read", () => {
  test("is named, with what to do", () => {
    const path = join(folder, "absent.yaml");
    const error = errorOf(() => loadGateway(path, secrets));
    expect(error.code).toBe("CONFIG_UNREADABLE");
    expect(renderFaults(error.faults, "text")).toBe(
      `${path}: there is no such file\n  → check the path, and the folder that it is relative to`,
    );
  });

  test("may be a folder", () => {
    const error = errorOf(() => loadGateway(folder, secrets));
    expect(error.code).toBe("CONFIG_UNREADABLE");
    expect(error.message).toBe(`${folder}: is not a file`);
  });

  test("may be a named pipe that nobody writes to", () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    expect(errorOf(() => loadGateway(path, secrets)).message).toBe(`${path}: is not a file`);
  });

  test("is not read at all when it is too large", () => {
    const path = join(folder, "large.yaml");
    writeFileSync(path, Buffer.alloc(17 * 1024 * 1024, "#"));
    expect(errorOf(() => loadGateway(path, secrets)).message).toContain("larger than 16 MiB");
  });
});

describe("a secret", () => {
  const text = MINIMAL.replace("key: abc", "key: !secret event-hubs");
  const input = { file: "g.yaml", text };

  function keyOf(sources: Parameters<typeof loadGateway>[1]): unknown {
    return loadGateway(input, sources).uplink?.eventHubs;
  }

  test("comes from the credentials directory before the environment, without its last newline", () => {
    writeFileSync(join(folder, "event-hubs"), "from a credential\n");
    const sources = { credentialsDirectory: folder, ...secrets };
    expect(keyOf(sources)).toMatchObject({ key: "from a credential" });
  });

  test("comes from the environment when the credential is absent or empty", () => {
    const sources = { credentialsDirectory: folder, ...secrets };
    expect(keyOf(sources)).toMatchObject({ key: "an example's key" });
    writeFileSync(join(folder, "event-hubs"), "");
    expect(keyOf(sources)).toMatchObject({ key: "an example's key" });
  });

  test("that is missing is a fault at its line, with both places where it may be put", () => {
    const { faults } = errorOf(() => keyOf({ credentialsDirectory: folder, environment: {} }));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({
      line: 3,
      message: 'the secret "event-hubs" is not set, or is empty',
      suggestion: `put it into ${join(folder, "event-hubs")}, or set PENSTOCK_SECRET_EVENT_HUBS`,
    });
  });

  test("that cannot be read is a fault, not a crash", () => {
    mkdirSync(join(folder, "event-hubs"));
    const { faults } = errorOf(() => keyOf({ credentialsDirectory: folder, environment: {} }));
    expect(faults[0]?.message).toContain("cannot be read");
  });

  test("never shows in a message", () => {
    const wrong = { environment: { PENSTOCK_SECRET_EVENT_HUBS: "hunter2" } };
    const bad = { file: "g.yaml", text: `${MINIMAL}buffer: { maxAge: !secret event-hubs }\n` };
    const error = errorOf(() => loadGateway(bad, wrong));
    expect(error.message).toContain("maxAge");
    expect(JSON.stringify(error.faults) + error.message).not.toContain("hunter2");
  });
});

test("faults are told in the order of lines, and counted beyond fifty", () => {
  const devices = Array.from({ length: 60 }, (_, i) => `  d${i}: { bus: nowhere }\n`).join("");
  const { faults } = errorOf(() =>
    loadGateway({ file: "g.yaml", text: `${MINIMAL}devices:\n${devices}` }, secrets),
  );
  expect(faults.map((fault) => fault.line)).toEqual(faults.map((_, i) => i + 5));
  expect(renderFaults(faults, "text")).toContain("… and 10 more faults");
  expect(JSON.parse(renderFaults(faults, "json"))).toEqual({ faults });
});

test.each([10, 100, 500, 700, 800, 1000, 5000, 100_000])(
  "%d open brackets are a fault, closed or not, and never a crash",
  (depth) => {
    for (const close of ["", "]"]) {
      const text = `${MINIMAL}site: ${"[".repeat(depth)}${close.repeat(depth)}\n`;
      const error = errorOf(() => loadGateway({ file: "g.yaml", text }, secrets));
      expect(error.faults[0]).toMatchObject({ line: 4 });
    }
  },
);
