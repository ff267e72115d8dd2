/** The files of the gateway's page. */
import type { PageFile } from "#core/http/page-files.ts";

const here = (file: string): URL => new URL(`page/${file}`, import.meta.url);

export const PAGE_FILES: Readonly<Record<string, PageFile>> = {
  "/": { url: here("index.html"), contentType: "text/html" },
  "/page.js": { url: here("page.js"), contentType: "text/javascript" },
};
