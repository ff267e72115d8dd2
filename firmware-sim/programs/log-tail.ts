import { open } from "node:fs/promises";

const TAIL_BYTES = 4096;
const TAIL_LINES = 12;

/** The last lines of a file, indented; a sentence where there are none. */
export async function tailOf(file: string): Promise<string> {
  const handle = await open(file, "r").catch(() => undefined);
  if (!handle) return "  (it wrote nothing)";
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    await handle.read(bytes, 0, bytes.length, size - bytes.length);
    const lines = bytes.toString().trimEnd().split("\n").slice(-TAIL_LINES);
    return lines.join("") === ""
      ? "  (it wrote nothing)"
      : lines.map((line) => `  ${line}`).join("\n");
  } finally {
    await handle.close();
  }
}
