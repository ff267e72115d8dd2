import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { detectCommand } from "#agent/commands/detect/detect.ts";
import { runCommand } from "#test/support/run-command.ts";

interface Outcome {
  code: number;
  lines: string[];
  errors: string;
}

async function run(input: string | readonly string[], ...args: string[]): Promise<Outcome> {
  const parts = typeof input === "string" ? [input] : input;
  const stdin = Readable.from(parts.map((part) => Buffer.from(part)));
  const { code, out, err } = await runCommand(detectCommand, args, { stdin });
  return { code, lines: out.trimEnd().split("\n"), errors: err };
}

function history(values: readonly number[], header = "timestamp,value"): string {
  const rows = values.map((value, i) => {
    const time = new Date(1_763_707_200_000 + i * 300_000).toISOString();
    return `${time.slice(0, 19).replace("T", " ")},${value}`;
  });
  return `${[header, ...rows].join("\n")}\n`;
}

const wave = Array.from({ length: 600 }, (_, i) => Math.round(500 + 100 * Math.sin(i / 20)) / 10);
wave[500] = 99.5;

describe("detect", () => {
  test("gives each row back with its score and alarm", async () => {
    const { code, lines, errors } = await run(history(wave));
    expect([code, errors]).toEqual([0, "600 rows, 1 alarms\n"]);
    expect(lines).toHaveLength(601);
    expect(lines[0]).toBe("timestamp,value,anomaly_score,alarm");
    expect(lines[1]).toBe("2025-11-21 06:40:00,50,0,0");
    expect(lines[501]).toMatch(/^2025-11-23 00:20:00,99.5,0\.9\d*,1$/);
    expect(lines.filter((line) => line.endsWith(",1"))).toHaveLength(1);
  });

  test("does not depend on how the input is cut, nor on its line ends", async () => {
    const input = history(wave);
    const whole = await run(input);
    expect(await run(input.split(""))).toEqual(whole);
    expect(await run(input.replaceAll("\n", "\r\n").trimEnd())).toEqual(whole);
  });

  test("keeps tags apart, and takes columns by their names", async () => {
    const rows = wave.flatMap((value, i) => [
      `oven,${value},x,${i * 300}`,
      `"a ""b""",7,x,${i * 300}`,
    ]);
    const { lines } = await run(["tag,value,note,ts", ...rows].join("\n"));
    expect(lines.slice(0, 3)).toEqual([
      "timestamp,tag,value,anomaly_score,alarm",
      "0,oven,50,0,0",
      '0,"a ""b""",7,0,0',
    ]);
    expect(lines.filter((line) => line.endsWith(",1"))).toHaveLength(1);
  });

  test("takes input without a header", async () => {
    expect((await run("100,5\n200,6\n")).lines).toEqual([
      "timestamp,value,anomaly_score,alarm",
      "100,5,0,0",
      "200,6,0,0",
    ]);
    expect((await run("2026-01-01T00:00:00Z,flow,6\n")).lines[1]).toBe(
      "2026-01-01T00:00:00Z,flow,6,0,0",
    );
  });

  test("gives back what it cannot judge, and says where the first of it is", async () => {
    const input = "timestamp,value\n100,5\n\n90,6\nyesterday,5\n110,\n120,0x10\n130,NaN\n140\n";
    const { code, lines, errors } = await run(input);
    expect(code).toBe(0);
    expect(lines.slice(1)).toEqual([
      "100,5,0,0",
      "90,6,0,0",
      "yesterday,5,0,0",
      "110,,0,0",
      "120,0x10,0,0",
      "130,NaN,0,0",
      "140,,0,0",
    ]);
    expect(errors).toBe(
      "7 rows, 0 alarms; 6 not judged (first: line 4: older than the row before)\n",
    );
  });

  test("knows the limits of a configured device, and explains", async () => {
    const folder = await mkdtemp(join(tmpdir(), "penstock-detect-"));
    try {
      const file = join(folder, "gateway.yaml");
      await writeFile(
        file,
        `version: 1
gateway: hall-3
uplink: { eventHubs: { connectionString: "Endpoint=sb://x/;SharedAccessKeyName=a;SharedAccessKey=b", hub: h } }
buses:
  packer: { modbus: tcp, host: 127.0.0.1 }
devices:
  oven-2: { bus: packer, tags: { temperature: { register: 40001, unit: °C, limits: { h: 230, deadband: 2 } } } }
`,
      );
      const input =
        "timestamp,tag,value\n1,temperature,231\n2,temperature,229\n3,temperature,200\n";
      const args = ["--config", file, "--device", "oven-2", "--explain"];
      const { code, lines, errors } = await run(input, ...args);
      expect([code, errors]).toEqual([0, "3 rows, 1 alarms\n"]);
      expect(lines).toEqual([
        "timestamp,tag,value,anomaly_score,alarm,message",
        '1,temperature,231,0,1,"oven-2 temperature is 231 °C, above its high limit of 230 °C"',
        "2,temperature,229,0,0,",
        '3,temperature,200,0,0,"oven-2 temperature is 200 °C, back from its high limit of 230 °C"',
      ]);
      const wrong = await run(input, "--config", file, "--device", "oven-9");
      expect(wrong.code).toBe(2);
      expect(wrong.errors).toContain('has no device "oven-9" (it has oven-2)');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test.each([
    [["--sensitivity", "huge"], 2, '--sensitivity knows high, medium, low, not "huge"'],
    [["--group", "--sound", "x"], 2, '--sound needs 2 rows or more, not "x"'],
    [["--nonsense"], 2, "--nonsense"],
    [["--device", "x"], 2, "--config and --device go together"],
    [["--config", "/nowhere.yaml", "--device", "x"], 78, "/nowhere.yaml"],
  ])("refuses %j with exit code %d and says why", async (args, code, why) => {
    const outcome = await run("", ...args);
    expect(outcome.code).toBe(code);
    expect(outcome.errors).toContain(why);
  });

  test("watches the tags of a machine together, and names the one that is off", async () => {
    const rows = Array.from({ length: 300 }, (_, i) => {
      const hot = i >= 250 ? 30 : 0;
      return `${i};${Math.sin(i)};${(20 + Math.cos(i) + hot).toFixed(3)};7`;
    });
    const input = ["datetime;flow;heat;fixed", ...rows, "301;x;;"].join("\n");
    const { code, lines, errors } = await run(input, "--group", "--sound", "100");
    expect(code).toBe(0);
    expect(lines[0]).toBe("timestamp,anomaly_score,alarm,tag");
    expect(lines[100]).toBe("99,0,0,");
    expect(lines.slice(101, 251).filter((line) => line.includes(",1,"))).toEqual([]);
    expect(lines[251]).toMatch(/^250,0\.\d+,1,heat$/);
    expect(errors).toMatch(/^301 rows, 50 alarms; 1 not judged \(first: line 302: a tag has no/);
  });

  test("refuses a line without end instead of collecting it", async () => {
    const outcome = await run(Array.from({ length: 100 }, () => "x".repeat(10_000)));
    expect(outcome.code).toBe(1);
    expect(outcome.errors).toContain("PAYLOAD_TOO_LARGE: a line is longer than 65536 characters");
  });

  test("ends quietly when its reader has seen enough", async () => {
    let taken = 0;
    const stdout = new Writable({
      write: (_chunk, _encoding, done) => {
        taken += 1;
        done(taken > 3 ? Object.assign(new Error("write EPIPE"), { code: "EPIPE" }) : undefined);
      },
    });
    const stdin = Readable.from([Buffer.from(history(wave))]);
    const { code, err } = await runCommand(detectCommand, [], { stdin, stdout });
    expect([code, err]).toEqual([0, ""]);
  });
});
