import { describe, expect, test } from "vitest";
import { outcomeOf } from "#agent/uplink/send-failure.ts";

function coded(code: string, name = "MessagingError"): Error {
  return Object.assign(new Error("what happened"), { code, name });
}

describe("a failed send", () => {
  test.each([
    ["ServerBusyError", "UPLINK_THROTTLED"],
    ["QuotaExceededError", "UPLINK_QUOTA_EXCEEDED"],
    ["UnauthorizedError", "UPLINK_UNAUTHORIZED"],
    ["MessagingEntityNotFoundError", "UPLINK_HUB_MISSING"],
    ["MessagingEntityDisabledError", "UPLINK_HUB_MISSING"],
    ["ENOTFOUND", "UPLINK_HOST_UNKNOWN"],
    ["EAI_AGAIN", "UPLINK_HOST_UNKNOWN"],
    ["OperationTimeoutError", "UPLINK_TIMEOUT"],
    ["CERT_HAS_EXPIRED", "UPLINK_TLS_FAILED"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "UPLINK_TLS_FAILED"],
    ["ECONNREFUSED", "UPLINK_UNREACHABLE"],
    ["ECONNRESET", "UPLINK_UNREACHABLE"],
    ["DetachForcedError", "UPLINK_UNREACHABLE"],
  ])("by %s is %s, and does not speak of the event", (code, expected) => {
    expect(outcomeOf(coded(code))).toEqual({
      kind: "failed",
      code: expected,
      reason: `${code}: what happened`,
      isAboutEvent: false,
    });
  });

  test("that speaks of the event is a refusal, or too large", () => {
    expect(outcomeOf(coded("InvalidFieldError"))).toMatchObject({
      code: "UPLINK_REJECTED",
      isAboutEvent: true,
    });
    expect(outcomeOf(coded("MessageTooLargeError"))).toEqual({ kind: "too-large" });
  });

  test("is known by what is inside it: a dual-stack connection bundles its attempts", () => {
    const bundle = new AggregateError([coded("ENETUNREACH"), coded("ENOTFOUND")]);
    expect(outcomeOf(bundle)).toMatchObject({ code: "UPLINK_HOST_UNKNOWN" });
    const wrapped = new Error("outer", { cause: coded("CERT_HAS_EXPIRED") });
    expect(outcomeOf(wrapped)).toMatchObject({ code: "UPLINK_TLS_FAILED" });
    const circle = new Error("a circle");
    circle.cause = circle;
    expect(outcomeOf(circle)).toMatchObject({ code: "UPLINK_UNREACHABLE" });
  });

  test("of anything else thrown is unreachable, with its text", () => {
    expect(outcomeOf("just a text")).toMatchObject({
      code: "UPLINK_UNREACHABLE",
      reason: "just a text",
    });
  });
});
