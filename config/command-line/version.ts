/** Which Penstock this is, for those who ask and for those who help. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

const manifest = z.object({ version: z.string() });

export function versionText(): string {
  const file = path.join(import.meta.dirname, "../../package.json");
  const { version } = manifest.parse(JSON.parse(readFileSync(file, "utf8")));
  return `Penstock ${version}, Node.js ${process.version}`;
}
