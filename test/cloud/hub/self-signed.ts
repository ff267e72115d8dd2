/** A certificate for localhost that signs itself, which the client is told to trust. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Peer } from "#test/support/peer.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

export const openssl: Peer = { probe: ["openssl", "version"], debianPackage: "openssl" };

export async function selfSigned(): Promise<{ key: Buffer; cert: Buffer; certPath: string }> {
  const folder = await tempFolder();
  const [keyPath, certPath] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const extensions = [
    "subjectAltName=DNS:localhost,IP:127.0.0.1",
    "basicConstraints=critical,CA:TRUE",
  ];
  const options =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost";
  const added = extensions.flatMap((extension) => ["-addext", extension]);
  const files = ["-keyout", keyPath, "-out", certPath];
  const made = spawnSync("openssl", [...options.split(" "), ...files, ...added]);
  if (made.status !== 0) throw new Error(made.stderr.toString());
  return { key: readFileSync(keyPath), cert: readFileSync(certPath), certPath };
}
