import { describe, expect, test } from "vitest";
import { LivePage } from "#agent/http/live-page.ts";
import { ValuePages } from "#agent/http/value-pages.ts";
import { FakeView } from "./fake-view.ts";

function pagesOf(names: readonly string[]): { view: FakeView; pages: ValuePages } {
  const view = new FakeView();
  for (const name of names) {
    const [device = "", tag = ""] = name.split("/");
    view.add(device, tag);
  }
  return { view, pages: new ValuePages(view.values) };
}

function namesOn(pages: ValuePages, query: Partial<Parameters<ValuePages["find"]>[0]>): string[] {
  const page = pages.find({ offset: 0, limit: 10, ...query });
  return pages.rows(page).map(({ device, tag }) => `${device}/${tag}`);
}

describe("ValuePages", () => {
  test("order the series by device and tag, a page at a time", () => {
    const { pages } = pagesOf(["b/y", "a/z", "b/x", "a/x"]);
    expect(namesOn(pages, {})).toEqual(["a/x", "a/z", "b/x", "b/y"]);
    expect(namesOn(pages, { offset: 1, limit: 2 })).toEqual(["a/z", "b/x"]);
    expect(namesOn(pages, { offset: 9 })).toEqual([]);
    expect(pages.find({ offset: 1, limit: 2 }).total).toBe(4);
  });

  test("find by device, and by a part of device or tag whatever the case", () => {
    const { pages } = pagesOf(["Oven-1/temp", "oven-11/temp", "pump/Oven flow"]);
    expect(namesOn(pages, { device: "Oven-1" })).toEqual(["Oven-1/temp"]);
    expect(namesOn(pages, { search: "OVEN" })).toHaveLength(3);
    expect(namesOn(pages, { search: "flow" })).toEqual(["pump/Oven flow"]);
  });

  test("show series that came later", () => {
    const { view, pages } = pagesOf(["b/x"]);
    const page = pages.find({ offset: 0, limit: 10 });
    expect(pages.isOutdated(page)).toBe(false);
    view.add("a", "x");
    expect(pages.isOutdated(page)).toBe(true);
    expect(namesOn(pages, {})).toEqual(["a/x", "b/x"]);
  });
});

describe("LivePage", () => {
  test("sends its page once, then only what changed, then the page anew when series come", () => {
    const { view, pages } = pagesOf(["a/x", "a/y"]);
    const sent: [string, unknown][] = [];
    const client = { send: (event: string, data: unknown) => void sent.push([event, data]) };
    const live = new LivePage(pages, { offset: 0, limit: 2 }, client);
    expect(sent.splice(0)).toMatchObject([["page", { total: 2, values: [{}, {}] }]]);
    live.update();
    expect(sent.splice(0)).toEqual([]);
    view.rows[1] = { ...view.rows[1]!, ts: 2000, value: 5 };
    live.update();
    expect(sent.splice(0)).toMatchObject([["values", [{ at: 1, tag: "y", ts: 2000, value: 5 }]]]);
    view.add("a", "aa");
    live.update();
    expect(sent.splice(0)).toMatchObject([["page", { total: 3, values: [{ tag: "aa" }, {}] }]]);
  });
});
