import { readFile } from "node:fs/promises";
import type { HttpReply } from "#core/http/reply.ts";

const FILES: Readonly<Record<string, { file: string; contentType: string }>> = {
  "/": { file: "page/index.html", contentType: "text/html" },
  "/page.js": { file: "page/page.js", contentType: "text/javascript" },
  "/page.css": { file: "page/page.css", contentType: "text/css" },
};

/** The page loads from its own gateway only, and no other site may frame it. */
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "referrer-policy": "no-referrer",
};

/** The files of the first page, by path, read once. */
export async function readPageFiles(): Promise<Map<string, HttpReply>> {
  const entries = Object.entries(FILES).map(async ([path, { file, contentType }]) => {
    const body = await readFile(new URL(file, import.meta.url), "utf8");
    return [path, { kind: "text", body, contentType, headers: HEADERS } as const] as const;
  });
  return new Map<string, HttpReply>(await Promise.all(entries));
}
