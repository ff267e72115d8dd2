/** The token endpoint of a directory as Entra ID has them, for the real client of Azure. */
import { once } from "node:events";
import { createServer, type Server } from "node:https";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { onTestFinished } from "vitest";
import { selfSigned } from "#test/cloud/hub/self-signed.ts";

/** Trusts these certificates beside the usual ones, until the test is over. */
export function trust(...certificates: Buffer[]): void {
  const usual = getCACertificates("default");
  setDefaultCACertificates([...usual, ...certificates.map(String)]);
  onTestFinished(() => setDefaultCACertificates(usual));
}

export interface Directory {
  readonly authority: string;
  /** The forms that were posted. */
  readonly asked: readonly URLSearchParams[];
}

/** Answers each request for a token by `answer`. Its tenant is `plant`. */
export async function startDirectory(answer: object, status = 200): Promise<Directory> {
  const { key, cert } = await selfSigned();
  trust(cert);
  const asked: URLSearchParams[] = [];
  const server = createServer({ key, cert }, (request, response) => {
    response.setHeader("content-type", "application/json");
    if (request.method !== "POST") {
      response.end(JSON.stringify(endpointsOf(portOf(server))));
      return;
    }
    let form = "";
    request.setEncoding("utf8").on("data", (part: string) => {
      form += part;
    });
    request.on("end", () => {
      asked.push(new URLSearchParams(form));
      response.statusCode = status;
      response.end(JSON.stringify(answer));
    });
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, authority: `https://localhost:${portOf(server)}` };
}

function endpointsOf(port: number): object {
  const base = `https://localhost:${port}/plant`;
  return {
    issuer: `${base}/v2.0`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    jwks_uri: `${base}/keys`,
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
