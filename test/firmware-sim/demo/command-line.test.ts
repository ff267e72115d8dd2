import { describe, expect, test } from "vitest";
import { parseCommandLine } from "#sim/demo/command-line.ts";

describe("the command line of npm start", () => {
  test("has defaults for everything", () => {
    expect(parseCommandLine([])).toMatchObject({
      kind: "run",
      options: {
        sensors: 1000,
        rateHz: 1,
        connections: 20,
        units: 8,
        seconds: undefined,
        seed: 1,
        isChaotic: false,
        dataDir: undefined,
        isJson: false,
      },
    });
  });

  test("takes every option", () => {
    const line =
      "--sensors 10000 --rate 0.5 --seconds 30 --connections 3 --seed 7 --chaos --data d --json --hub-port 5672";
    expect(parseCommandLine(line.split(" "))).toMatchObject({
      options: {
        sensors: 10_000,
        rateHz: 0.5,
        seconds: 30,
        connections: 3,
        seed: 7,
        isChaotic: true,
        dataDir: "d",
        isJson: true,
        ports: { hub: 5672, sink: undefined },
      },
    });
  });

  test("has no Modbus units where there are few sensors, and no more than there are sensors", () => {
    expect(parseCommandLine(["--sensors", "100"])).toMatchObject({ options: { units: 0 } });
    expect(parseCommandLine(["--sensors", "20", "--units", "2"])).toMatchObject({
      options: { units: 2 },
    });
    expect(parseCommandLine(["--sensors", "20", "--units", "3"]).kind).toBe("misuse");
  });

  test("--help wins", () => {
    expect(parseCommandLine(["--help", "--sensors", "0"])).toEqual({ kind: "help" });
  });

  test.each([
    ["--sensors 0", "--sensors 0: expected a number from 1"],
    ["--sensors 1.5", "whole number"],
    ["--sensors many", "--sensors many"],
    ["--rate 0", "--rate 0"],
    ["--rate 1e9", "--rate 1e9"],
    ["--rate NaN", "--rate NaN"],
    ["--seconds -1", "--seconds"],
    ["--seconds=", "--seconds"],
    ["--connections 0", "--connections 0"],
    ["--seed -1", "--seed"],
    ["--data=", "--data"],
    ["--hub-port 70000", "--hub-port 70000"],
    ["--sensor 5", "--sensor"],
    ["extra", "extra"],
  ])("%s is misuse, and says why", (line, why) => {
    const parsed = parseCommandLine(line.split(" "));
    expect(parsed.kind).toBe("misuse");
    expect(parsed).toMatchObject({ message: expect.stringContaining(why) });
  });
});
