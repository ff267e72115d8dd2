import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ConfigError } from "#config/faults/faults.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { TemplateShelf } from "#config/loading/template-shelf.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

const HEAD = `version: 1
gateway: g
uplink: { eventHubs: { namespace: plant.servicebus.windows.net, hub: telemetry, key: k } }
buses: { line: { modbus: tcp, host: 10.0.0.7 } }
`;

function devicesOf(text: string, file = "g.yaml"): ReturnType<typeof loadGateway>["devices"] {
  return loadGateway({ file, text: HEAD + text }, { environment: {} }).devices;
}

const shelf = new TemplateShelf();

test.each(shelf.names())(
  "the template %s has no faults, and is named in the docs",
  async (name) => {
    const template = shelf.find(name)!;
    expect(Object.keys(template.settings.tags).length).toBeGreaterThan(0);
    expect(template.settings.source).not.toBe("");
    const docs = await readFile(join(import.meta.dirname, "../../../docs/templates.md"), "utf8");
    expect(docs).toContain(`\`${name}\``);
  },
);

test("a device takes its template's tags, with what the file says of them laid over", () => {
  const { meter } = devicesOf(`devices:
  meter:
    bus: line
    template: eastron-sdm630
    leaveOut: [thd_voltage_avg]
    tags:
      frequency: { deadband: 0.01 }
      power_total: { register: 40101, scale: 0.1 }
      door: { coil: 3 }
`);
  const { tags } = meter!;
  expect(Object.keys(tags)).toHaveLength(18);
  expect(tags["thd_voltage_avg"]).toBeUndefined();
  expect(tags["frequency"]).toMatchObject({ register: 30_071, type: "float32", deadband: 0.01 });
  expect(tags["power_total"]).toMatchObject({ register: 40_101, scale: 0.1, unit: "W" });
  expect(tags["door"]).toMatchObject({ coil: 3 });
});

test("a tag that is moved to another table keeps no second address", () => {
  const { drive } = devicesOf(`devices:
  drive: { bus: line, template: abb-drive-profile, tags: { status_word: { discrete: 7 } } }
`);
  expect(drive!.tags["status_word"]?.register).toBeUndefined();
});

test("what a device says itself beats its template", async () => {
  const folder = await tempFolder();
  await writeTemplate(join(folder, "mine"), "slow", "timeout: 4s\n");
  const text = `templates: mine
devices:
  a: { bus: line, unit: 1, template: slow }
  b: { bus: line, unit: 2, template: slow, timeout: 2s }
`;
  const { a, b } = devicesOf(text, join(folder, "g.yaml"));
  expect([a?.timeout, b?.timeout]).toEqual([4000, 2000]);
});

test("a folder of templates beside the file is found by itself, and goes before the program's", async () => {
  const folder = await tempFolder();
  await writeTemplate(join(folder, "templates"), "eastron-sdm630");
  const text = "devices: { m: { bus: line, template: eastron-sdm630 } }";
  const { m } = devicesOf(text, join(folder, "g.yaml"));
  expect(Object.keys(m!.tags)).toEqual(["level"]);
});

test("faults of a template are told in its own file, once for all its devices", async () => {
  const folder = await tempFolder();
  await writeTemplate(join(folder, "templates"), "mine", "wrong: 1\n");
  const text = `devices:
  a: { bus: line, unit: 1, template: mine }
  b: { bus: line, unit: 2, template: mine, every: nonsense }
`;
  const faults = faultsOf(() => devicesOf(text, join(folder, "g.yaml")));
  expect(faults.map(({ file, message }) => [file, message])).toEqual([
    [join(folder, "templates/mine.yaml"), 'unknown key "wrong"'],
    [join(folder, "g.yaml"), expect.stringContaining("every")],
  ]);
});

function tagsFrom(register: number, coil: number): string {
  return `tags: { a: { register: ${register}, scaleRegister: ${register + 1} }, b: { coil: ${coil} }, c: { discrete: ${coil} } }`;
}

test("addresses that count from 0 are those that count from 1, one less", () => {
  const { one, zero } = devicesOf(`devices:
  one: { bus: line, unit: 1, ${tagsFrom(40_001, 1)} }
  zero: { bus: line, unit: 2, addressBase: 0, ${tagsFrom(40_000, 0)} }
`);
  expect(zero!.tags).toEqual(one!.tags);
});

test("a template's own addresses do not move with its device's way to count", () => {
  const { m } = devicesOf(`devices:
  m: { bus: line, addressBase: 0, template: eastron-sdm630, tags: { own: { register: 40000 } } }
`);
  expect(m!.tags["voltage_l1n"]?.register).toBe(30_001);
  expect(m!.tags["own"]?.register).toBe(40_001);
});

async function writeTemplate(folder: string, name: string, more = ""): Promise<void> {
  await mkdir(folder);
  const text = `version: 1\ntitle: A tank\nsource: its manual\nverified: page\n${more}tags: { level: { register: 30001 } }\n`;
  await writeFile(join(folder, `${name}.yaml`), text);
}

function faultsOf(run: () => unknown): ConfigError["faults"] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  throw new Error("no faults");
}
