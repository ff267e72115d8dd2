import { readFileSync } from "node:fs";
import { messageOf, PenstockError, systemCodeOf } from "#core/errors.ts";

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

/**
 * For a connection to an outside broker: its authority, our certificate, or both. Without a file
 * nothing of what the folder was meant for would hold.
 * @throws PenstockError TLS_FILES_UNUSABLE
 */
export function readClientTls(folder: string): TlsFiles {
  let files: TlsFiles;
  try {
    files = readTlsFolder(folder);
  } catch (error) {
    throw unusable(folder, `cannot read the TLS files in ${folder}: ${messageOf(error)}`, error);
  }
  const { ca, cert, key } = files;
  if (!ca && !cert && !key) {
    throw unusable(folder, `there is no ca.pem, cert.pem or key.pem in ${folder}`);
  }
  if (Boolean(cert) !== Boolean(key)) {
    throw unusable(folder, `there is no ${cert ? "key" : "cert"}.pem in ${folder}`);
  }
  return files;
}

function unusable(folder: string, message: string, cause?: unknown): PenstockError {
  return new PenstockError("TLS_FILES_UNUSABLE", message, { cause, context: { folder } });
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
