/** The production dependencies, for the target's machine, without what only other machines load. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Installs into `folder`, which holds package.json and package-lock.json. */
export function installDependencies(folder: string, cpu: string): void {
  const options = ["--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
  execFileSync("npm", ["install", ...options, "--os=linux", "--libc=glibc", `--cpu=${cpu}`], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  removeForeignPrebuilds(join(folder, "node_modules"), `linux-${cpu}`);
}

/** Native packages bring binaries for all platforms in `prebuilds/PLATFORM`. */
function removeForeignPrebuilds(modules: string, platform: string): void {
  for (const folder of packageFolders(modules)) {
    const prebuilds = join(folder, "prebuilds");
    if (!existsSync(prebuilds)) continue;
    if (!existsSync(join(prebuilds, platform))) {
      throw new Error(`${folder} has no binary for ${platform}`);
    }
    for (const other of readdirSync(prebuilds)) {
      if (other !== platform) rmSync(join(prebuilds, other), { recursive: true });
    }
  }
}

function packageFolders(modules: string): string[] {
  return readdirSync(modules).flatMap((name) => {
    const folder = join(modules, name);
    return name.startsWith("@") ? readdirSync(folder).map((own) => join(folder, own)) : [folder];
  });
}
