import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { planCommand } from "#agent/commands/plan/plan.ts";
import { runCommand } from "#test/support/run-command.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

/** The file's path. */
async function gateway(buses: string, devices: string): Promise<string> {
  const file = join(await tempFolder(), "gateway.yaml");
  const text = `version: 1
gateway: hall-3
uplink: { eventHubs: { namespace: plant.servicebus.windows.net, hub: telemetry, key: k } }
buses: ${buses}
devices: ${devices}
`;
  await writeFile(file, text);
  return file;
}

const RTU = "{ rs485-a: { modbus: rtu, port: /dev/ttyUSB0, parity: even } }";

test("each request is told with its registers, bytes and time, each bus with its load", async () => {
  const file = await gateway(RTU, "{ meter-1: { bus: rs485-a, template: abb-b23-b24 } }");
  const { code, out, err } = await runCommand(planCommand, [file]);
  expect(err).toBe("");
  expect(code).toBe(0);
  expect(out).toBe(`hall-3: 1 Modbus bus; each answer is assumed to take 10 ms (--answer)

rs485-a (rtu /dev/ttyUSB0 9600 baud 8E1): 5 requests/s, 109 B/s, 22 % of its time
  meter-1 (unit 1, abb-b23-b24): 7 tags in 5 requests
    every  registers      length  unwanted  tags  bytes  busy
    1s     420481-420488  8       0         2     29     51 ms
    1s     423297-423298  2       0         1     17     38 ms
    1s     423309-423318  10      6         2     33     56 ms
    1s     423341         1       0         1     15     35 ms
    1s     423355         1       0         1     15     35 ms
`);
});

test("a bus that cannot keep the rhythm is exit code 1, and the factor is said", async () => {
  const file = await gateway(RTU, "{ m: { bus: rs485-a, every: 100ms, template: abb-b23-b24 } }");
  const { code, out } = await runCommand(planCommand, [file]);
  expect(code).toBe(1);
  expect(out).toMatch(/too slow for this rhythm: intervals [\d.]+ times as long would just fit/);
});

test("--json gives the same for programs, and --answer counts", async () => {
  const file = await gateway(
    "{ plc: { modbus: tcp, host: h } }",
    "{ m: { bus: plc, tags: { a: { register: 40001 } } } }",
  );
  const { out } = await runCommand(planCommand, [file, "--json", "--answer", "250"]);
  expect(JSON.parse(out)).toMatchObject({
    gateway: "hall-3",
    answerMs: 250,
    buses: [{ name: "plc", load: 0.25, devices: [{ requests: [{ tags: ["a"], bytes: 23 }] }] }],
  });
});

test("a file without Modbus has no plan, and nonsense is misuse", async () => {
  const file = await gateway("{}", "{}");
  expect(await runCommand(planCommand, [file])).toEqual({
    code: 0,
    out: "hall-3 has no Modbus bus.\n",
    err: "",
  });
  expect(await runCommand(planCommand, [file, "--answer", "soon"])).toMatchObject({ code: 2 });
});
