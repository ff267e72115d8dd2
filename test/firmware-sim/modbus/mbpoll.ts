import { execFile } from "node:child_process";

export interface MbpollWire {
  /** Options for the wire. */
  options: readonly string[];
  /** Host or device. */
  target: string;
}

export function byTcp(port: number): MbpollWire {
  return { options: ["-m", "tcp", "-p", String(port)], target: "127.0.0.1" };
}

export function byRtu(path: string): MbpollWire {
  return { options: ["-m", "rtu", "-b", "9600", "-P", "none"], target: path };
}

interface MbpollOutcome {
  /** What it shows behind each reference: `53191 (-12345)`, `0xCFC7`, `71.2`. */
  shown: string[];
  /** Such as `Illegal function`; undefined where all went well. */
  failure: string | undefined;
}

/** One read; or one write, where there are values. */
export async function mbpollOnce(
  { options, target }: MbpollWire,
  request: readonly string[],
  values: readonly number[] = [],
): Promise<MbpollOutcome> {
  const args = [...options, "-1", ...request, target];
  // Two dashes stand before a negative value.
  if (values.length > 0) args.push("--", ...values.map(String));
  return await new Promise((resolve) => {
    execFile("mbpoll", args, { timeout: 10_000 }, (error, stdout, stderr) => {
      const shown = [...stdout.matchAll(/^\[\d+\]:\s+(.+)$/gm)].map(([, text = ""]) => text.trim());
      const failure = / failed(?:\(-1\))?: (.+)/.exec(stdout + stderr)?.[1]?.trim();
      resolve({ shown, failure: failure ?? (error ? error.message : undefined) });
    });
  });
}
