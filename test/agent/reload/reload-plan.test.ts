import { expect, test } from "vitest";
import { planReload, planText, type ReloadPlan } from "#agent/reload/reload-plan.ts";
import type { GatewaySettings } from "#config/gateway.ts";
import { loadGateway } from "#config/loading/load-config.ts";

const BASE = `version: 1
gateway: hall-3
uplink: { eventHubs: { connectionString: "Endpoint=sb://one/", hub: h } }
mqtt: { broker: { listen: 127.0.0.1:0 }, topics: [{ topic: "a/{device}" }] }
buses:
  one: { modbus: tcp, host: 10.0.0.1 }
  two: { modbus: tcp, host: 10.0.0.2 }
devices:
  a: { bus: one, unit: 1, tags: { t: { register: 40001, limits: { h: 5 } } } }
  b: { bus: two, unit: 1, tags: { t: { register: 40001 } } }
`;

function settings(text: string): GatewaySettings {
  return loadGateway({ file: "g.yaml", text }, { environment: {} });
}

function plan(from: string, to: string): ReloadPlan {
  return planReload(settings(BASE), settings(BASE.replace(from, to)));
}

test("comments and order are no difference", () => {
  const changed = plan("gateway: hall-3", "# a comment\ngateway: hall-3");
  expect(planText(changed)).toBe("nothing differs");
});

test("a device's registers restart its bus, and no other", () => {
  const changed = plan("{ bus: two, unit: 1,", "{ bus: two, unit: 2,");
  expect(changed).toMatchObject({
    whole: [],
    stop: [{ kind: "bus", name: "two" }],
    start: [{ kind: "bus", name: "two" }],
    uplink: false,
    devices: ["b"],
  });
  expect(planText(changed)).toBe("bus two restarted, 1 devices judged anew");
});

test("limits and detection are taken over without stopping a bus", () => {
  expect(plan("limits: { h: 5 }", "limits: { h: 6 }")).toMatchObject({
    stop: [],
    start: [],
    devices: ["a"],
  });
});

test("a bus that is new starts, and one that is gone stops", () => {
  const added = plan("buses:", "buses:\n  three: { modbus: tcp, host: 10.0.0.3 }");
  expect([added.stop, added.start]).toEqual([[], [{ kind: "bus", name: "three" }]]);
  const gone = planReload(
    settings(BASE.replace("buses:", "buses:\n  three: { modbus: tcp, host: 10.0.0.3 }")),
    settings(BASE),
  );
  expect([gone.stop, gone.start]).toEqual([[{ kind: "bus", name: "three" }], []]);
});

test("a topic restarts the broker, another hub the uplink, and neither touches a bus", () => {
  const topic = plan('"a/{device}"', '"b/{device}"');
  expect([topic.start, topic.uplink]).toEqual([[{ kind: "broker" }], false]);
  const hub = plan("hub: h }", "hub: other }");
  expect([hub.start, hub.uplink, hub.devices]).toEqual([[], true, []]);
});

test.each([
  ["gateway: hall-3", "gateway: hall-4", "gateway"],
  ["gateway: hall-3", "gateway: hall-3\nbuffer: { maxAge: 2d }", "buffer"],
  ["gateway: hall-3", "gateway: hall-3\nhttp: { listen: 127.0.0.1:0 }", "http"],
])("%s to %s starts everything anew", (from, to, section) => {
  const changed = plan(from, to);
  expect(changed.whole).toEqual([section]);
  expect(planText(changed)).toBe(`everything starts anew: ${section} changed`);
});

test("another site describes the series of all devices anew", () => {
  const changed = plan("gateway: hall-3", "gateway: hall-3\nsite: north");
  expect([changed.whole, changed.start, changed.devices]).toEqual([[], [], ["a", "b"]]);
});
