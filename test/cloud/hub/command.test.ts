import { join } from "node:path";
import { EventHubProducerClient } from "@azure/event-hubs";
import { describe, expect, test } from "vitest";
import { eventually, impatient } from "#test/support/hub.ts";
import { TakenPort } from "#test/support/taken-port.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { runHubCommand as run } from "./run-hub-command.ts";

async function once(args: readonly string[]): Promise<{ out: string; err: string; code: number }> {
  const { out, err, code } = run(args);
  return { code: await code, out: out.join(""), err: err.join("") };
}

describe("penstock-cloud hub", () => {
  test("prints its connection string first, keeps its keys, and ends with 0", async () => {
    const data = join(await tempFolder(), "data");
    const first = run(["--port", "0", "--data", data, "--json", "--partitions", "3"]);
    await eventually("the first line", () => first.out.length > 0);
    const { connectionString, port, pid } = JSON.parse(first.out[0] ?? "");
    expect(pid).toBe(4711);
    const producer = new EventHubProducerClient(connectionString, impatient);
    expect((await producer.getPartitionIds()).length).toBe(3);
    await producer.close();
    first.stop();
    expect(await first.code).toBe(0);

    const second = run(["--port", String(port), "--data", data, "--partitions", "3"]);
    await eventually("the first line", () => second.out.length > 0);
    expect(second.out[0]).toBe(`${connectionString}\n`);
    second.stop();
    await second.code;
  });

  test("gives its data folder up when it cannot serve its metrics", async () => {
    const data = join(await tempFolder(), "data");
    const taken = await TakenPort.take();
    const args = ["--port", "0", "--data", data];
    const refused = run([...args, "--metrics", `127.0.0.1:${taken.port}`]);
    await expect(refused.code).rejects.toMatchObject({ code: "LISTEN_FAILED" });
    await taken.free();
    const second = run(args);
    await eventually("the first line", () => second.out.length > 0);
    second.stop();
    expect(await second.code).toBe(0);
  });

  // A file; what takes no folder; what takes no file.
  test.each(["/etc/hostname", "/proc/none/data", "/sys/kernel"])(
    "says in a line that it cannot keep its data in %s",
    async (data) => {
      const { code } = run(["--port", "0", "--data", data]);
      await expect(code).rejects.toMatchObject({
        code: "HUB_LOG_FAILED",
        message: expect.stringContaining(`Cannot use the data folder ${data}: E`),
      });
    },
  );

  test("shows how it stands, and lets things go wrong when told to", async () => {
    const data = join(await tempFolder(), "data");
    const hub = run([
      "--port",
      "0",
      "--data",
      data,
      "--partitions",
      "2",
      "--metrics",
      "127.0.0.1:0",
    ]);
    await eventually("the first line", () => hub.out.length > 0);
    const producer = new EventHubProducerClient((hub.out[0] ?? "").trim(), impatient);
    await producer.sendBatch([{ body: 1 }, { body: 2 }], { partitionId: "1" });
    const json = JSON.parse((await once(["stat", "--data", data, "--json"])).out);
    expect(json.hubs[0].partitions[1]).toMatchObject({ firstSequence: 0, lastSequence: 1 });
    expect(json.connections).toHaveLength(1);
    expect((await once(["stat", "--data", data])).out).toContain("partition");

    expect(await once(["fault", "throttle", "--for", "1m", "--data", data])).toMatchObject({
      code: 0,
    });
    await expect(producer.sendBatch([{ body: 1 }])).rejects.toMatchObject({
      code: "ServerBusyError",
    });
    expect(await once(["fault", "clear", "--data", data])).toMatchObject({ code: 0 });
    await producer.sendBatch([{ body: 1 }]);
    expect(await once(["fault", "meteor", "--data", data])).toMatchObject({
      code: 2,
      err: expect.stringContaining("no fault"),
    });
    await producer.close();
    hub.stop();
    await hub.code;
  });

  test("refuses a data folder that another hub uses", async () => {
    const data = join(await tempFolder(), "data");
    const first = run(["--port", "0", "--data", data]);
    await eventually("the first line", () => first.out.length > 0);
    await expect(once(["--port", "0", "--data", data])).rejects.toMatchObject({
      code: "HUB_LOG_FAILED",
      message: expect.stringContaining("Another hub"),
    });
    first.stop();
    await first.code;
  });

  test("refuses a port in use, and frees the folder again", async () => {
    const [one, two] = [join(await tempFolder(), "1"), join(await tempFolder(), "2")];
    const first = run(["--port", "0", "--data", one, "--json"]);
    await eventually("the first line", () => first.out.length > 0);
    const { port } = JSON.parse(first.out[0] ?? "");
    await expect(once(["--port", String(port), "--data", two])).rejects.toMatchObject({
      code: "LISTEN_FAILED",
    });
    first.stop();
    await first.code;
    const second = run(["--port", "0", "--data", two]);
    await eventually("the first line", () => second.out.length > 0);
    second.stop();
    await second.code;
  });

  test.each([
    [["--port", "70000"], "--port takes 0 to 65535"],
    [["--partitions", "0"], "--partitions takes 1 to 1024"],
    [["--hub", "../etc"], "--hub takes"],
    [["--retention", "soon"], "--retention takes"],
    [["--metrics", "here"], "--metrics takes"],
    [["--colour"], "--colour"],
    [["dance"], 'no "hub dance"'],
  ])("%j is misuse", async (args, message) => {
    expect(await once(args)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  });

  test("says so when no hub runs on the folder", async () => {
    await expect(once(["stat", "--data", "/nowhere"])).rejects.toMatchObject({
      code: "UPLINK_UNREACHABLE",
    });
  });
});
