import { expect, test } from "vitest";
import { EXIT, reportFailure } from "#config/command-line/exit.ts";
import { ConfigError } from "#config/faults/faults.ts";
import { PenstockError } from "#core/errors.ts";

function report(error: unknown): { code: number; said: string } {
  let said = "";
  const stderr = { write: (text: string) => (said += text) };
  return { code: reportFailure(error, stderr), said };
}

test("faults in a file are told in full, and end with 78", () => {
  const fault = { file: "g.yaml", line: 3, column: 1, message: "unknown key", excerpt: "" };
  expect(report(new ConfigError("CONFIG_INVALID", [fault]))).toEqual({
    code: EXIT.badConfiguration,
    said: "g.yaml:3:1: unknown key\n",
  });
});

test("other bad configuration ends with 78 as well", () => {
  const error = new PenstockError("CONFIG_INVALID", "the key file is empty");
  expect(report(error)).toEqual({ code: 78, said: "CONFIG_INVALID: the key file is empty\n" });
});

test("an operating error is told by its code, and ends with 1", () => {
  const error = new PenstockError("LISTEN_FAILED", "port 80 is taken");
  expect(report(error)).toEqual({ code: 1, said: "LISTEN_FAILED: port 80 is taken\n" });
});

test("a programmer's error is not swallowed", () => {
  expect(() => report(new RangeError("index"))).toThrow("index");
});
