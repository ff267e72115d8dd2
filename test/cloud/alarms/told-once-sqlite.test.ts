import { expect, test } from "vitest";
import { AlarmPlant, PLANT_TIMEOUT_MS } from "./alarm-plant.ts";
import { tellsOnce } from "./told-once.ts";

test("a sink that is killed in the middle of telling tells each alarm once more at most", {
  timeout: PLANT_TIMEOUT_MS,
}, async () => {
  const plant = await AlarmPlant.start();
  await tellsOnce(plant, await plant.startSink(), async () => plant.startSink());
  expect(plant.told.map(({ gateway }) => gateway)).toContain("hall-4");
});
