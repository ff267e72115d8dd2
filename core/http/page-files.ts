/** The files of a web page, sent with rules that let it load from its own server only. */
import { readFile } from "node:fs/promises";
import type { HttpReply } from "./reply.ts";
import type { HttpRoute } from "./server.ts";

/** What a path gives. */
export interface PageFile {
  readonly url: URL;
  readonly contentType: string;
}

/** Nothing from elsewhere, and no other site may frame it. */
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "referrer-policy": "no-referrer",
};

const here = (file: string): URL => new URL(`page/${file}`, import.meta.url);

/** What all pages share. */
const SHARED: Readonly<Record<string, PageFile>> = {
  "/look.css": { url: here("look.css"), contentType: "text/css" },
  "/dom.js": { url: here("dom.js"), contentType: "text/javascript" },
};

/** Routes for them, and for what all pages share. Each file is read when it is first asked for. */
export function pageRoutes(files: Readonly<Record<string, PageFile>>): Record<string, HttpRoute> {
  const entries = Object.entries({ ...SHARED, ...files });
  return Object.fromEntries(entries.map(([path, file]) => [path, routeOf(file)]));
}

function routeOf({ url, contentType }: PageFile): HttpRoute {
  let reply: HttpReply | undefined;
  return async () => {
    reply ??= { kind: "text", body: await readFile(url, "utf8"), contentType, headers: HEADERS };
    return reply;
  };
}
