import { expect, test } from "vitest";
import { PlantFacts } from "#cloud/alarms/plant-facts.ts";
import { sinkAlarms } from "#config/sink/alarms.ts";

const facts = new PlantFacts(sinkAlarms.parse({}), "/etc/penstock/sink.yaml", { of: () => [] });

test("what somebody describes as the gateway says nothing of the gateway's own alarms", () => {
  const row = { gateway: "hall-3", device: "(gateway)", tag: "t", site: "moon", unit: "kW" };
  facts.replace([row, { ...row, device: "oven-2", site: "north" }]);
  expect(facts.siteOf("hall-3", "(gateway)").site).toBeUndefined();
  expect(facts.siteOf("hall-3", "oven-2").site).toBe("north");
});

test.each([
  ["hall-3/oven-2/t/limit-h", "hall-3/oven-2/t/limit-h"],
  ["hall-3/oven 2/t/limit-h", "'hall-3/oven 2/t/limit-h'"],
  ["--json/oven-2/t/limit-h", "-- --json/oven-2/t/limit-h"],
  ["-'x'/t/limit-h", String.raw`-- '-'\''x'\''/t/limit-h'`],
])("the command that acknowledges %s can be pasted into a shell", (key, words) => {
  const command = "penstock-cloud alarm ack --config /etc/penstock/sink.yaml";
  expect(facts.acknowledgeWith(key)).toBe(`${command} ${words}`);
});
