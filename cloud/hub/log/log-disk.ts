/**
 * The calls by which the log reaches the disk, so that a test can fill the disk, or let it fail.
 */
import { fdatasync, ftruncate, write } from "node:fs";

export interface LogDisk {
  /** Writes all of `bytes` at `at`. */
  write(fd: number, bytes: Buffer, at: number): Promise<void>;
  sync(fd: number): Promise<void>;
  truncate(fd: number, byteCount: number): Promise<void>;
}

async function writeOnce(fd: number, bytes: Buffer, from: number, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, from, bytes.length - from, at, (error, count) => {
      if (error) reject(error);
      else resolve(count);
    });
  });
}

async function completed(run: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    run((error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

export const realDisk: LogDisk = {
  async write(fd, bytes, at) {
    let written = 0;
    while (written < bytes.length) written += await writeOnce(fd, bytes, written, at + written);
  },
  async sync(fd) {
    await completed((done) => fdatasync(fd, done));
  },
  async truncate(fd, byteCount) {
    await completed((done) => ftruncate(fd, byteCount, done));
  },
};
