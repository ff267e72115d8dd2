import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export interface PymodbusRead {
  unit: number;
  table: "holding" | "input" | "coil" | "discrete";
  /** From 0. */
  address: number;
  type?: string;
  order?: string;
  /** Of a text, in registers. */
  length?: number;
}

/** What pymodbus reads and decodes, one value a read; an object with `error` where it is refused. */
export async function readWithPymodbus(
  port: number,
  framing: "tcp" | "rtu",
  reads: readonly PymodbusRead[],
): Promise<unknown[]> {
  const script = fileURLToPath(new URL("pymodbus-client.py", import.meta.url));
  const running = promisify(execFile)("/usr/bin/python3", [script], { timeout: 30_000 });
  running.child.stdin?.end(JSON.stringify({ port, framing, reads }));
  const values: unknown = JSON.parse((await running).stdout);
  if (!Array.isArray(values)) throw new Error("pymodbus gave no list");
  return values;
}
