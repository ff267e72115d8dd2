/** Certificates for TLS on the loopback, made by openssl. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** An authority, a server's certificate for localhost, and a client's for the user `press`. */
export async function makeCertificates(folder: string): Promise<void> {
  const openssl = async (...args: string[]): Promise<unknown> =>
    await run("openssl", args, { cwd: folder });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  await openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=CA");
  for (const [name, subject] of [
    ["", "/CN=localhost"],
    ["press-", "/CN=press"],
  ]) {
    const files = ["-keyout", `${name}key.pem`, "-out", `${name}cert.pem`];
    const issuer = ["-CA", "ca.pem", "-CAkey", "ca.key"];
    await openssl("req", "-x509", ...key, ...issuer, ...files, "-subj", subject!);
  }
}
