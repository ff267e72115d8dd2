/** A real browser: Debian's Chromium, driven over its debugging protocol. */
import { type Browser, chromium as chromiumType, type Page } from "playwright-core";
import { onTestFinished } from "vitest";
import type { Peer } from "./peer.ts";

export const chromium: Peer = {
  probe: ["test", "-x", "/usr/bin/chromium"],
  debianPackage: "chromium",
};

export interface OpenPage {
  page: Page;
  /** What the page complained of: errors of its script, refused or failed requests. */
  complaints: string[];
}

/** The page, with its first content there; it is closed at the test's end. */
export async function openPage(url: string): Promise<OpenPage> {
  const browser: Browser = await chromiumType.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints };
}
