import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { ConfigError } from "#config/faults/faults.ts";
import { loadGateway, loadGatewayFiles } from "#config/loading/load-config.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

let folder: string;
let file: string;

const MAIN = `version: 1
gateway: hall-3
buses:
  one: { modbus: tcp, host: 10.0.0.1 }
devices:
  a: { bus: one, unit: 1, tags: { t: { register: 40001 } } }
`;

beforeEach(async () => {
  folder = await tempFolder();
  file = join(folder, "gateway.yaml");
  writeFileSync(file, MAIN);
  mkdirSync(join(folder, "conf.d"));
});

function fragment(name: string, text: string): string {
  const path = join(folder, "conf.d", name);
  writeFileSync(path, text);
  return path;
}

function faults(): string[] {
  try {
    loadGateway(file);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ file: where, line, message }) => `${where}:${line}: ${message}`);
  }
}

test("buses and devices of all files come together, other sections stand in one", () => {
  fragment(
    "10-press.yaml",
    "devices:\n  b: { bus: two, unit: 1, tags: { t: { register: 40001 } } }\n",
  );
  fragment(
    "20-net.yaml",
    "version: 1\nsite: north\nbuses:\n  two: { modbus: tcp, host: 10.0.0.2 }\n",
  );
  fragment("ignored.yml.bak", "nonsense");
  const { settings, files, tree } = loadGatewayFiles(file);
  expect(Object.keys(settings.devices).toSorted()).toEqual(["a", "b"]);
  expect(settings.site).toBe("north");
  expect(files).toHaveLength(3);
  expect(tree.whereIs(["devices", "b", "unit"])).toEqual({ file: files[1], line: 2 });
  expect(tree.whereIs(["devices", "a", "every"])).toBeUndefined();
});

test("an id given twice names both places", () => {
  const path = fragment(
    "a.yaml",
    "devices:\n  a: { bus: one, unit: 2, tags: { t: { register: 40001 } } }\n",
  );
  expect(faults()).toEqual([`${path}:2: device "a" is in ${file}:6 already`]);
  fragment("b.yaml", "buses:\n  one: { modbus: tcp, host: 10.0.0.9 }\n");
  expect(faults()).toContain(
    `${join(folder, "conf.d/b.yaml")}:2: bus "one" is in ${file}:4 already`,
  );
});

test("two files of conf.d that give the same id are both named", () => {
  const device = "  x: { bus: one, unit: 7, tags: { t: { register: 40001 } } }\n";
  const first = fragment("a.yaml", `devices:\n${device}`);
  const second = fragment("b.yaml", `devices:\n${device}`);
  expect(faults()).toEqual([`${second}:2: device "x" is in ${first}:2 already`]);
});

test("a section that stands in two files is a fault", () => {
  const path = fragment("a.yaml", "gateway: hall-4\n");
  expect(faults()).toEqual([`${path}:1: "gateway" is in ${file}:2 already`]);
});

test("a fault is told in the file that has it, and cross checks reach over files", () => {
  const path = fragment(
    "a.yaml",
    "devices:\n  b: { bus: oen, unit: 1, tags: { t: { register: 40001 } } }\n",
  );
  expect(faults()).toEqual([`${path}:2: there is no bus "oen"`]);
  fragment("a.yaml", "devices:\n  b: { bus: one, unit: 1, tags: { t: { register: 40001 } } }\n");
  expect(faults()).toEqual([`${path}:2: bus "one", unit 1 is device "a" already (${file}:6)`]);
});

test("a file of conf.d that is no YAML is told with the others' faults left out", () => {
  const path = fragment("a.yaml", "devices: [\n");
  expect(faults()).toEqual([expect.stringContaining(`${path}:`)]);
});

const WITH_SECRET = `${MAIN}uplink:
  eventHubs: { namespace: plant.example, hub: h, key: !secret hub-key }
`;

function keyOf(environment: Record<string, string>, credentialsDirectory?: string): unknown {
  const secretsFile = join(folder, "secrets.yaml");
  const { uplink } = loadGateway(file, { environment, secretsFile, credentialsDirectory });
  return uplink?.eventHubs && "key" in uplink.eventHubs ? uplink.eventHubs.key : undefined;
}

test("secrets come from systemd, then from the secrets file, then from the environment", () => {
  writeFileSync(file, WITH_SECRET);
  const environment = { PENSTOCK_SECRET_HUB_KEY: "from the environment" };
  expect(keyOf(environment)).toBe("from the environment");
  writeFileSync(join(folder, "secrets.yaml"), "hub-key: 0123\n", { mode: 0o640 });
  expect(keyOf(environment)).toBe("0123");
  mkdirSync(join(folder, "credentials"));
  writeFileSync(join(folder, "credentials/hub-key"), "from systemd\n");
  expect(keyOf(environment, join(folder, "credentials"))).toBe("from systemd");
});

test("a secrets file that everybody may read is refused, with the remedy", () => {
  writeFileSync(file, WITH_SECRET);
  const secrets = join(folder, "secrets.yaml");
  writeFileSync(secrets, "hub-key: hunter2\n");
  chmodSync(secrets, 0o644);
  const [fault = ""] = faults();
  expect(fault).toContain(`everybody may read ${secrets}: chmod 640 ${secrets}`);
  expect(fault).not.toContain("hunter2");
});

test("${NAME:?message} is an environment variable, and says the message where it is missing", () => {
  writeFileSync(file, WITH_SECRET.replace("!secret hub-key", '"${HUB_KEY:?ask the cloud team}"'));
  expect(keyOf({ HUB_KEY: "abc" })).toBe("abc");
  expect(() => keyOf({})).toThrow(
    expect.objectContaining({
      faults: [
        expect.objectContaining({
          message: "the environment variable HUB_KEY is not set, or is empty",
          suggestion: "ask the cloud team",
        }),
      ],
    }),
  );
});
