/** Node's binary, out of the npm package that carries it for one platform. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export function fetchNode(folder: string, version: string, cpu: string): void {
  const scratch = mkdtempSync(join(tmpdir(), "penstock-node-"));
  try {
    const packed = execFileSync("npm", ["pack", "--silent", `node-linux-${cpu}@${version}`], {
      cwd: scratch,
      encoding: "utf8",
    });
    execFileSync("tar", ["--extract", "--file", packed.trim()], { cwd: scratch });
    mkdirSync(folder, { recursive: true });
    cpSync(join(scratch, "package/bin/node"), join(folder, "node"));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
