/** Times are UTC everywhere: the zone of a machine, and its change, change nothing. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const PROGRAM = fileURLToPath(new URL("zones-program.ts", import.meta.url));

async function timesIn(zone: string, ...changed: string[]): Promise<string> {
  const running = promisify(execFile)(process.execPath, [PROGRAM, ...changed], {
    env: { TZ: zone },
  });
  return (await running).stdout;
}

test("every time is the same in every zone, and when the zone changes at run time", async () => {
  const expected = await timesIn("UTC");
  expect(expected).toContain('"ts":1774735200000');
  for (const zone of ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Chatham"]) {
    expect(await timesIn(zone)).toBe(expected);
  }
  expect(await timesIn("Europe/Berlin", "Australia/Lord_Howe")).toBe(expected);
});

/** The hour in which the first instant of the program is. */
async function hourIn(zone: string): Promise<string> {
  const print = "process.stdout.write(String(new Date(1774735200000).getHours()))";
  const node = promisify(execFile)(process.execPath, ["-e", print], { env: { TZ: zone } });
  return (await node).stdout;
}

test("the zones of this test differ on this machine", async () => {
  expect(await hourIn("UTC")).toBe("22");
  expect(await hourIn("Europe/Berlin")).toBe("23");
});
