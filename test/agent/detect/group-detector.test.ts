import { describe, expect, test } from "vitest";
import { GroupDetector } from "#agent/detect/group-detector.ts";
import { StateLayout } from "#agent/detect/state-layout.ts";
import { singleBlock } from "#agent/detect/state-slabs.ts";
import { createRandom } from "#core/random.ts";

const SOUND_ROWS = 200;

interface Learnt {
  group: { surprise: (values: ArrayLike<number>) => number; readonly worst: number };
  row: () => number[];
}

function learnt(): Learnt {
  const random = createRandom(2);
  const layout = new StateLayout();
  const detector = new GroupDetector(layout, { tags: 3, soundRows: SOUND_ROWS });
  const block = singleBlock(layout.shape);
  detector.begin(block);
  const group = {
    surprise: (values: ArrayLike<number>): number => detector.surprise(block, values),
    get worst(): number {
      return detector.worst;
    },
  };
  const row = (): number[] => [random.normal(), 100 + 5 * random.normal(), 42];
  for (let i = 0; i < SOUND_ROWS; i++) expect(group.surprise(row())).toBe(0);
  return { group, row };
}

describe("GroupDetector", () => {
  test("is calm while the machine is as it was", () => {
    const { group, row } = learnt();
    const surprises = Array.from({ length: 500 }, () => group.surprise(row()));
    expect(surprises.filter((surprise) => surprise >= 1).length).toBeLessThan(10);
  });

  test("names the tag that left its range, each by its own measure", () => {
    const { group, row } = learnt();
    const [flow = 0, , fixed = 0] = row();
    for (let i = 0; i < 10; i++) group.surprise([flow, 140, fixed]);
    expect(group.surprise([flow, 140, fixed])).toBeGreaterThan(1);
    expect(group.worst).toBe(1);
  });

  test("sees a tag move that never moved", () => {
    const { group, row } = learnt();
    const [flow = 0, heat = 0] = row();
    expect(group.surprise([flow, heat, 43])).toBeGreaterThan(1);
    expect(group.worst).toBe(2);
  });

  test("leaves out values that are none", () => {
    const { group, row } = learnt();
    for (let i = 0; i < 50; i++) {
      const [flow = 0, , fixed = 0] = row();
      expect(group.surprise([flow, Number.NaN, fixed])).toBeLessThan(1.2);
    }
    expect(group.surprise([])).toBe(0);
  });
});
