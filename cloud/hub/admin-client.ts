/** Asks the hub that runs on a data folder, through its admin socket. */
import { request } from "node:http";
import { PenstockError } from "#core/errors.ts";
import { adminSocketPath } from "./admin-socket.ts";

const ANSWER_TIMEOUT_MS = 5000;

export interface AdminAnswer {
  ok: boolean;
  text: string;
}

/** Throws `UPLINK_UNREACHABLE` when no hub runs on that folder. */
export async function askHub(
  dataDir: string,
  method: "GET" | "POST",
  path: string,
): Promise<AdminAnswer> {
  const socketPath = adminSocketPath(dataDir);
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path, timeout: ANSWER_TIMEOUT_MS }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => {
        resolve({ ok: response.statusCode === 200, text: Buffer.concat(parts).toString("utf8") });
      });
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer in time")));
    asked.on("error", (cause) => {
      const message = `No hub answers on the data folder ${dataDir}: is it running there?`;
      reject(new PenstockError("UPLINK_UNREACHABLE", message, { cause }));
    });
    asked.end();
  });
}
