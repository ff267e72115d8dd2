/** Small files and folders that must outlive a power cut. */
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder } from "#core/folder.ts";

/** Makes the folder's entries durable: a new file is lost with the power otherwise. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes the folder, and those above it that are missing. */
export function makeDurableFolder(folder: string): void {
  for (const made of makeFolder(folder, 0o700)) syncFolder(dirname(made));
}

/** Writes the file whole or not at all: after a power cut there is no half of it. */
export function writeDurably(path: string, text: string): void {
  const temporary = `${path}.new`;
  const fd = openSync(temporary, "w", 0o600);
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
  syncFolder(dirname(path));
}
