import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadGateway } from "#config/loading/load-config.ts";
import { loadSink } from "#config/loading/load-sink.ts";
import { gatewayYaml, sinkYaml } from "#sim/demo/config-files.ts";
import { watchedDevices } from "#sim/demo/watched-devices.ts";
import { gatewayFragment } from "#sim/gateway-fragment.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

const connectionString =
  "Endpoint=sb://127.0.0.1:4711;SharedAccessKeyName=k;SharedAccessKey=a+/b=;UseDevelopmentEmulator=true";

test("the gateway's file is one that the agent takes", async () => {
  const file = join(await tempFolder(), "gateway.yaml");
  const polled = gatewayFragment({ modbusPort: 5020, units: 20, serialPath: "/dev/pts/7" });
  const devices = { buses: polled.buses, devices: { ...polled.devices, ...watchedDevices(5) } };
  const bufferDir = '/tmp/a "strange": #folder';
  writeFileSync(
    file,
    gatewayYaml({ connectionString, bufferDir, mqttPort: 1884, httpPort: 8099, devices }),
  );
  expect(loadGateway(file)).toMatchObject({
    gateway: "demo",
    uplink: { eventHubs: { connectionString, hub: "telemetry" } },
    buffer: { path: bufferDir },
    mqtt: {
      broker: { listen: { host: "127.0.0.1", port: 1884 } },
      topics: [{ topic: "plant/{device}" }],
    },
    http: { listen: { host: "127.0.0.1", port: 8099 } },
    buses: {
      "plc-1": { modbus: "tcp", host: "127.0.0.1", port: 5020 },
      "plc-2": { modbus: "tcp" },
      scale: { serial: "/dev/pts/7", match: expect.stringContaining("(?<weight>") },
    },
    devices: { "plc-motor-001": { bus: "plc-1", unit: 1 }, "pump-0002": { line: "pump" } },
  });
});

test("the sink's file is one that the sink takes", async () => {
  const file = join(await tempFolder(), "sink.yaml");
  writeFileSync(file, sinkYaml({ connectionString, storeDir: "/tmp/s", httpPort: 8098 }));
  expect(loadSink(file)).toMatchObject({
    source: { connectionString, hub: "telemetry", consumerGroup: "$Default" },
    store: { sqlite: "/tmp/s" },
    http: { listen: { port: 8098 } },
  });
});
