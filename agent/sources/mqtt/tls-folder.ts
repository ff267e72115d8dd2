import { readFileSync } from "node:fs";
import { systemCodeOf } from "#core/errors.ts";

export interface TlsFiles {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
}

/** What there is of `ca.pem`, `cert.pem` and `key.pem`. Throws the system's error for the unreadable. */
export function readTlsFolder(folder: string): TlsFiles {
  const ca = readIfThere(`${folder}/ca.pem`);
  const cert = readIfThere(`${folder}/cert.pem`);
  const key = readIfThere(`${folder}/key.pem`);
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
