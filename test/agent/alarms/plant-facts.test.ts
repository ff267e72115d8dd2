import { expect, test } from "vitest";
import { PlantFacts } from "#agent/alarms/plant-facts.ts";
import { loadGateway } from "#config/loading/load-config.ts";

const FILE = { file: "g.yaml", text: "version: 1\ngateway: hall-3\n" };

test("how to acknowledge is a line that a shell and the command take as it is", () => {
  const facts = new PlantFacts(loadGateway(FILE, { environment: {} }), () => []);
  expect(facts.acknowledgeWith("oven-2/t/stale")).toBe("penstock alarm ack oven-2/t/stale");
  expect(facts.acknowledgeWith("*/stale")).toBe("penstock alarm ack '*/stale'");
  expect(facts.acknowledgeWith("it's/t")).toBe(String.raw`penstock alarm ack 'it'\''s/t'`);
  expect(facts.acknowledgeWith("--all/t")).toBe("penstock alarm ack -- --all/t");
  expect(facts.acknowledgeWith("-a b")).toBe("penstock alarm ack -- '-a b'");
});
