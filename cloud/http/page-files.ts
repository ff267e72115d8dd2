/** The files of the sink's page. Its charts are uPlot's, served from here like all else. */
import type { PageFile } from "#core/http/page-files.ts";

const here = (file: string): URL => new URL(`page/${file}`, import.meta.url);

export const PAGE_FILES: Readonly<Record<string, PageFile>> = {
  "/": { url: here("page.html"), contentType: "text/html" },
  "/page.js": { url: here("page.js"), contentType: "text/javascript" },
  "/trend.js": { url: here("trend.js"), contentType: "text/javascript" },
  "/uplot.js": {
    url: new URL(import.meta.resolve("uplot/dist/uPlot.esm.js")),
    contentType: "text/javascript",
  },
  "/uplot.css": {
    url: new URL(import.meta.resolve("uplot/dist/uPlot.min.css")),
    contentType: "text/css",
  },
};
