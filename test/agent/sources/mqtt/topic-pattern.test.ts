import { describe, expect, test } from "vitest";
import { publishDenial, subscribeDenial } from "#agent/sources/mqtt/access-rules.ts";
import { filterMatches } from "#agent/sources/mqtt/topic-filter.ts";
import { compileRule, filterOf, matchTopic } from "#agent/sources/mqtt/topic-pattern.ts";
import { fc } from "#test/support/properties.ts";

function match(
  topic: string,
  ...rules: { topic: string; device?: string; tag?: string }[]
): unknown {
  const found = matchTopic(rules.map(compileRule), topic);
  return found && [found.device, found.tag];
}

describe("topic rules", () => {
  test.each([
    ["hall/{device}/{tag}", "hall/oven/temperature", ["oven", "temperature"]],
    ["hall/{device}/{tag}", "hall/oven", undefined],
    ["hall/{device}/{tag}", "hall/oven/temperature/x", undefined],
    ["hall/{device}/{tag}", "other/oven/temperature", undefined],
    ["{tag}/{device}", "temperature/oven", ["oven", "temperature"]],
    ["+/{device}/#", "a/oven", ["oven", undefined]],
    ["+/{device}/#", "a/oven/b/c", ["oven", undefined]],
    ["+/{device}/#", "a", undefined],
    ["{device}", "", ["", undefined]],
  ])("%s matches %s: %j", (rule, topic, expected) => {
    expect(match(topic, { topic: rule })).toEqual(expected);
  });

  test("may name device and tag themselves", () => {
    expect(match("any/thing", { topic: "#", device: "d", tag: "t" })).toEqual(["d", "t"]);
  });

  test("count in their order", () => {
    const rules = [{ topic: "a/{device}", tag: "first" }, { topic: "{tag}/{device}" }];
    expect(match("a/d", ...rules)).toEqual(["d", "first"]);
    expect(match("b/d", ...rules)).toEqual(["d", "b"]);
  });

  test("must say which device", () => {
    expect(() => compileRule({ topic: "a/{tag}" })).toThrow("nothing names the device");
  });

  test("match exactly what their subscription gives", () => {
    const level = fc.constantFrom("a", "b", "");
    const pattern = fc
      .array(fc.constantFrom("a", "b", "+", "{tag}"), { maxLength: 3 })
      .chain((levels) => fc.constantFrom(levels, [...levels, "#"]))
      .map((levels) => ["{device}", ...new Set(levels)].join("/"));
    fc.assert(
      fc.property(pattern, fc.array(level, { minLength: 1, maxLength: 5 }), (topic, levels) => {
        const rule = { topic };
        const isSubscribed = filterMatches(filterOf(rule).split("/"), levels);
        expect(match(levels.join("/"), rule) !== undefined).toBe(isSubscribed);
      }),
    );
  });
});

describe("rights", () => {
  const rights = { name: "press", publish: ["plant/{user}/#"], subscribe: ["plant/+/x", "o/#"] };

  test("are by filters, and never cover the broker's own topics", () => {
    const all = { name: "admin", publish: ["#", "$SYS/#"], subscribe: ["#", "$SYS/#"] };
    expect(publishDenial(rights, "plant/press/a", ["alarms"])).toBeUndefined();
    expect(publishDenial(rights, "plant/oven/a", ["alarms"])).toMatch("may not publish");
    expect(publishDenial(all, "$SYS/x", ["alarms"])).toMatch("the broker's");
    expect(publishDenial(all, "alarms", ["alarms"])).toMatch("the gateway's");
    expect(publishDenial(all, "alarms/x", ["alarms"])).toMatch("the gateway's");
    expect(publishDenial(all, "alarmsX", ["alarms"])).toBeUndefined();
    expect(subscribeDenial(all, "$SYS/#")).toMatch("the broker's");
    expect(subscribeDenial(all, "#")).toBeUndefined();
  });

  test("allow a subscription only if all that it could match is allowed", () => {
    const topic = fc.array(fc.constantFrom("plant", "o", "x", "press"), {
      minLength: 1,
      maxLength: 4,
    });
    const filter = fc
      .array(fc.constantFrom("plant", "o", "x", "+"), { minLength: 1, maxLength: 3 })
      .chain((levels) => fc.constantFrom(levels, [...levels, "#"]));
    fc.assert(
      fc.property(filter, topic, (levels, published) => {
        if (subscribeDenial(rights, levels.join("/")) !== undefined) return;
        if (!filterMatches(levels, published)) return;
        const isAllowed = rights.subscribe.some((right) =>
          filterMatches(right.split("/"), published),
        );
        expect(isAllowed).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
