import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { HELP, parseCommandLine } from "#sim/command-line.ts";

function settingsOf(...args: string[]) {
  const parsed = parseCommandLine(args);
  if (parsed.kind !== "run") throw new Error(`not run: ${JSON.stringify(parsed)}`);
  return parsed.line;
}

describe("the simulator's command line", () => {
  test("gives the settings of all endpoints", () => {
    const polled = "--modbus-units 30 --modbus-port 1502 --modbus-fault 3=dead --serial";
    const published =
      "--mqtt 10.0.0.1:1883 --sensors 10000 --rate 0.5 --connections 20 --window 500";
    const text = `${polled} --modbus-fault 4=delay:100 ${published} --seed 7 --seconds 2.5 --json`;
    const line = settingsOf(...text.split(" "));
    expect(line).toEqual({
      settings: {
        seed: 7,
        faultsPerHour: 6,
        mqtt: {
          host: "10.0.0.1",
          port: 1883,
          sensors: 10_000,
          rateHz: 0.5,
          connections: 20,
          windowMessages: 500,
        },
        modbus: { units: 30, port: 1502 },
        serial: true,
      },
      unitFaults: new Map([
        [3, { kind: "dead" }],
        [4, { kind: "delay", delayMs: 100 }],
      ]),
      lineFault: undefined,
      seconds: 2.5,
      drainSeconds: 10,
      isJson: true,
    });
  });

  test.each([
    [[], "nothing to simulate"],
    [["--mqtt", "host"], "expected HOST:PORT"],
    [["--mqtt", "host:99999"], "expected HOST:PORT"],
    [["--mqtt", "h:1", "--rate", "51"], "--rate 51: expected a number from 0.001 to 50"],
    [["--mqtt", "h:1", "--sensors", "1.5"], "whole number"],
    [["--mqtt", "h:1", "--sensors", "ten"], "--sensors ten"],
    [["--modbus-units", "248"], "from 1 to 247"],
    [["--modbus-units", "3", "--modbus-fault", "1=tired"], "kinds: dead"],
    [["--serial", "--serial-fault", "tired"], "kinds: silent"],
    [["--serial", "--speed", "3"], "--speed"],
    [["--serial", "extra"], "extra"],
  ])("refuses %j and says why", (args, message) => {
    const parsed = parseCommandLine(args);
    expect(parsed).toMatchObject({ kind: "misuse", message: expect.stringContaining(message) });
  });

  test("explains every option", () => {
    expect(parseCommandLine(["--help"])).toEqual({ kind: "help" });
    const options = ["mqtt", "sensors", "rate", "connections", "window", "faults", "seed", "json"];
    for (const option of [
      ...options,
      "serial-fault",
      "drain",
      "seconds",
      "serial",
      "modbus-units",
      "modbus-fault",
    ]) {
      expect(HELP).toContain(`--${option}`);
    }
  });
});

describe("the simulator's process", () => {
  test("says first what it listens on and last what it did, and ends at SIGTERM with 0", async () => {
    const args = ["firmware-sim/main.ts", "--modbus-units", "2", "--json"];
    const child = spawn(process.execPath, args);
    let text = "";
    child.stdout.on("data", (bytes: Buffer) => {
      text += bytes.toString();
    });
    child.stdout.once("data", () => child.kill("SIGTERM"));
    const code = await new Promise((resolve) => child.on("close", resolve));
    const [first, last] = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(code).toBe(0);
    expect(first).toEqual({ devices: 0, modbusPort: expect.any(Number) });
    expect(last).toMatchObject({ modbus: { units: 2, reads: 0 }, labels: [] });
  });

  test.each([
    [["--bogus"], 2],
    [["--serial", "--seconds", "0.1"], 0],
    [["--mqtt", "127.0.0.1:1", "--seconds", "0.1", "--drain", "0.1"], 1],
  ])("ends %j with exit code %i", async (args, expected) => {
    expect(await exitCodeOf(args)).toBe(expected);
  });

  test("ends with exit code 1 when its port is taken", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    expect(await exitCodeOf(["--modbus-units", "1", "--modbus-port", String(port)])).toBe(1);
    await new Promise((resolve) => server.close(resolve));
  });
});

async function exitCodeOf(args: readonly string[]): Promise<unknown> {
  const child = spawn(process.execPath, ["firmware-sim/main.ts", ...args], { stdio: "ignore" });
  return await new Promise((resolve) => child.on("close", resolve));
}
