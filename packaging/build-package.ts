/**
 * Lays out the package's tree and packs it. Everything comes from the checkout and from npm: the
 * programs as they are (there is no build), the production dependencies of the lock file, and the
 * Node binary of the pinned version.
 */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Architecture, npmCpu } from "./architecture.ts";
import { controlFile } from "./control-file.ts";
import { installDependencies } from "./dependencies.ts";
import { fetchNode } from "./node-binary.ts";

export interface PackageRequest {
  architecture: Architecture;
  /** package.json's if left out. */
  version: string | undefined;
  outFolder: string;
  progress: (text: string) => void;
}

export interface BuiltPackage {
  file: string;
  version: string;
  bytes: number;
  installedBytes: number;
}

const ROOT = join(import.meta.dirname, "..");
const PROGRAMS = ["agent", "cloud", "config", "core", "firmware-sim"];
const SCHEMAS = ["gateway.schema.json", "sink.schema.json"];

export function buildPackage(request: PackageRequest): BuiltPackage {
  const { architecture, outFolder, progress } = request;
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const version: string = request.version ?? manifest.version;
  const tree = mkdtempSync(join(tmpdir(), "penstock-package-"));
  try {
    layOut(tree);
    const library = join(tree, "usr/lib/penstock");
    progress("installing the production dependencies");
    installDependencies(join(library, "app"), npmCpu(architecture));
    progress(`fetching Node ${manifest.devDependencies.node}`);
    fetchNode(join(library, "bin"), manifest.devDependencies.node, npmCpu(architecture));
    const installedBytes = bytesIn(tree);
    writeControl(tree, controlFile({ version, architecture, installedBytes }));
    progress("packing");
    return {
      ...pack(tree, outFolder, `penstock_${version}_${architecture}.deb`),
      version,
      installedBytes,
    };
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

function layOut(tree: string): void {
  cpSync(join(import.meta.dirname, "root"), tree, { recursive: true });
  const app = join(tree, "usr/lib/penstock/app");
  for (const folder of [...PROGRAMS, "package.json", "package-lock.json"]) {
    cpSync(join(ROOT, folder), join(app, folder), { recursive: true });
  }
  const share = join(tree, "usr/share/penstock");
  for (const schema of SCHEMAS) cpSync(join(ROOT, "config/schema", schema), join(share, schema));
  const docs = join(tree, "usr/share/doc/penstock");
  cpSync(join(ROOT, "docs"), docs, { recursive: true });
  cpSync(join(ROOT, "config/examples"), join(docs, "examples"), { recursive: true });
  for (const page of ["README.md", "CHANGELOG.md"]) cpSync(join(ROOT, page), join(docs, page));
  cpSync(join(ROOT, "LICENSE"), join(docs, "copyright"));
}

function writeControl(tree: string, control: string): void {
  const folder = join(tree, "DEBIAN");
  cpSync(join(import.meta.dirname, "debian"), folder, { recursive: true });
  writeFileSync(join(folder, "control"), control);
}

/** The file's own bytes, as `du` counts them: what the package takes up on a gateway's disk. */
function bytesIn(tree: string): number {
  const line = execFileSync("du", ["--bytes", "--summarize", tree], { encoding: "utf8" });
  return Number.parseInt(line, 10);
}

function pack(tree: string, outFolder: string, name: string): { file: string; bytes: number } {
  mkdirSync(outFolder, { recursive: true });
  const file = join(outFolder, name);
  execFileSync("dpkg-deb", ["--root-owner-group", "-Zzstd", "--build", tree, file], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return { file, bytes: statSync(file).size };
}
