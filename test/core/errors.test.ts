import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isAbort, messageOf, PenstockError, systemCodeOf } from "#core/errors.ts";

test("an error has its code, its context and its cause", () => {
  const cause = new Error("disk full");
  const error = new PenstockError("BUFFER_FAILED", "cannot write", {
    cause,
    context: { path: "x" },
  });
  expect(error).toMatchObject({ code: "BUFFER_FAILED", context: { path: "x" }, cause });
  expect(new PenstockError("BUFFER_FULL", "full").context).toEqual({});
});

test("anything thrown has a text", () => {
  expect(messageOf(new Error("broken"))).toBe("broken");
  expect(messageOf(new TypeError(""))).toBe("TypeError");
  expect(messageOf("just a text")).toBe("just a text");
  expect(messageOf(undefined)).toBe("undefined");
  const several = new AggregateError([new Error("IPv4"), new Error("IPv6")]);
  expect(messageOf(several)).toBe("IPv4; IPv6");
  const alike = new AggregateError([new Error("refused"), new Error("refused")]);
  expect(messageOf(alike)).toBe("refused");
});

test("the system's code is found where there is one", () => {
  const thrown = (() => {
    try {
      return readFileSync("/does/not/exist");
    } catch (error) {
      return error;
    }
  })();
  expect(systemCodeOf(thrown)).toBe("ENOENT");
  expect(systemCodeOf(new Error("x"))).toBeUndefined();
  expect(systemCodeOf({ code: "ENOENT" })).toBeUndefined();
});

test("only the end of an operation by its signal is an abort", () => {
  expect(isAbort(AbortSignal.abort().reason)).toBe(true);
  expect(isAbort(new Error("AbortError"))).toBe(false);
});
