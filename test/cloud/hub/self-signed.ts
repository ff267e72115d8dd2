/** A certificate for localhost that signs itself, which the client is told to trust. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Peer } from "#test/support/peer.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

export const openssl: Peer = { probe: ["openssl", "version"], debianPackage: "openssl" };

/** `name`: of another host than localhost; `expired`: its days are over. */
export async function selfSigned(
  made: { name?: string; expired?: boolean } = {},
): Promise<{ key: Buffer; cert: Buffer; certPath: string }> {
  const folder = await tempFolder();
  const [keyPath, certPath] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const extensions = [
    made.name === undefined
      ? "subjectAltName=DNS:localhost,IP:127.0.0.1"
      : `subjectAltName=DNS:${made.name}`,
    "basicConstraints=critical,CA:TRUE",
  ];
  const options =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost";
  const added = extensions.flatMap((extension) => ["-addext", extension]);
  const files = ["-keyout", keyPath, "-out", certPath];
  const { status, stderr } = spawnSync("openssl", [...options.split(" "), ...files, ...added]);
  if (status !== 0) throw new Error(stderr.toString());
  if (made.expired) {
    // `req` makes none that ended before it began, but signing anew does.
    const again = ["x509", "-in", certPath, "-signkey", keyPath, "-days", "-1", "-out", certPath];
    spawnSync("openssl", again);
  }
  return { key: readFileSync(keyPath), cert: readFileSync(certPath), certPath };
}
