import { expect, test } from "vitest";
import { ScanPlan, unitsOf } from "#agent/commands/scan/scan-plan.ts";
import { scanYaml } from "#agent/commands/scan/scan-yaml.ts";

const UNITS = Array.from({ length: 247 }, (_, i) => i + 1);
const SLOW = { baud: 9600, parity: "none" } as const;
const FAST = { baud: 19_200, parity: "even" } as const;

test("once somebody has answered, who was silent is asked again, and other settings are left alone", () => {
  const plan = new ScanPlan([SLOW, FAST], UNITS);
  const steps = plan.steps();
  expect(steps.next().value).toMatchObject({ line: SLOW, units: { length: 16 } });
  plan.foundAt(SLOW, 7);
  const again = steps.next().value;
  expect(again).toMatchObject({ line: SLOW, units: { length: 15 } });
  expect(again?.units).not.toContain(7);
  expect(steps.next().value).toMatchObject({ line: SLOW, units: { length: 231 } });
  expect(steps.next().done).toBe(true);
});

test("a thorough scan asks the low units at all settings, then the rest where somebody answered", () => {
  const plan = new ScanPlan([SLOW, FAST], UNITS, true);
  const steps = plan.steps();
  expect(plan.total).toBe(2 * 247);
  expect(steps.next().value).toMatchObject({ line: SLOW, units: { length: 16 } });
  expect(steps.next().value).toMatchObject({ line: FAST, units: { length: 16 } });
  plan.foundAt(FAST, 1);
  expect(plan.total).toBe(2 * 16 + 15 + 231);
  expect(steps.next().value).toMatchObject({ line: FAST, units: { length: 15 } });
  const third = steps.next().value;
  expect(third).toMatchObject({ line: FAST });
  expect(third?.units.at(0)).toBe(17);
  expect(steps.next().done).toBe(true);
});

test("where nobody answered, every setting is asked for every unit", () => {
  const steps = [...new ScanPlan([SLOW, FAST], UNITS).steps()];
  const asked = steps.map(({ line, units }) => [line?.baud, units.length]);
  expect(asked).toEqual([
    [9600, 16],
    [19_200, 16],
    [9600, 231],
    [19_200, 231],
  ]);
});

test("a host is asked in one go", () => {
  expect([...new ScanPlan([undefined], UNITS).steps()]).toEqual([
    { line: undefined, units: UNITS },
  ]);
});

test.each([
  ["1-3,7", [1, 2, 3, 7]],
  ["5", [5]],
  ["2-2, 2", [2]],
  ["", undefined],
  ["3-1", undefined],
  ["1-248", undefined],
  ["a", undefined],
  ["1-2-3", undefined],
])("units %j are %j", (text, units) => {
  expect(unitsOf(text, 247)).toEqual(units);
});

test("what was found is YAML to paste, with templates where they fit", () => {
  const settings = { modbus: "rtu", port: "/dev/ttyUSB0", baud: 9600, parity: "even" };
  const units = [
    { unit: 1, templates: ["eastron-sdm630", "eastron-sdm72"] },
    { unit: 7, templates: [] },
  ];
  expect(scanYaml({ name: "rs485", settings, units })).toBe(`buses:
  rs485: { modbus: rtu, port: /dev/ttyUSB0, baud: 9600, parity: even }
devices:
  unit-1: { bus: rs485, unit: 1, template: eastron-sdm630 } # or eastron-sdm72
  unit-7: # No template fits: see its manual, and \`penstock probe unit-7 40001\`.
    bus: rs485
    unit: 7
    tags:
      first: { register: 40001 }
`);
});
