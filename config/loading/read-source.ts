/** Reads a configuration file as text: bounded, strictly UTF-8, with or without a byte order mark. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { messageOf, systemCodeOf } from "#core/errors.ts";
import { ConfigError, type Fault } from "../faults/faults.ts";
import { SourceText } from "../yaml/source-text.ts";

/** A thousand devices of twenty tags take some 2 MB. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;

/** @throws ConfigError CONFIG_UNREADABLE; CONFIG_INVALID where the bytes are not text */
export function readSource(path: string): SourceText {
  return decodeSource(path, readBytes(path));
}

function readBytes(path: string): Buffer {
  let descriptor: number | undefined;
  try {
    // Opened otherwise, a named pipe would keep us waiting for its writer.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw unreadable(path, "is not a file", "give the path of a YAML file");
    if (stat.size > FILE_BYTES_MAX) {
      throw unreadable(path, `is larger than ${FILE_BYTES_MAX / 1024 / 1024} MiB`);
    }
    return readFileSync(descriptor);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw unreadable(path, ...reasonOf(error), error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function reasonOf(error: unknown): [message: string, suggestion?: string] {
  switch (systemCodeOf(error)) {
    case "ENOENT":
      return ["there is no such file", "check the path, and the folder that it is relative to"];
    case "EACCES":
    case "EPERM":
      return ["this user may not read the file", `see who may: ls -l`];
    default:
      return [`cannot be read: ${messageOf(error)}`];
  }
}

function unreadable(
  file: string,
  message: string,
  suggestion?: string,
  cause?: unknown,
): ConfigError {
  const fault: Fault = {
    file,
    line: 0,
    column: 0,
    message,
    excerpt: "",
    ...(suggestion === undefined ? {} : { suggestion }),
  };
  return new ConfigError("CONFIG_UNREADABLE", [fault], cause);
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });
const looseUtf8 = new TextDecoder("utf-8");
const NEWLINE = 0x0a;

/** @throws ConfigError CONFIG_INVALID */
export function decodeSource(file: string, bytes: Uint8Array): SourceText {
  if (isUtf16(bytes)) {
    const source = new SourceText(file, "");
    const message = "the file is UTF-16, not UTF-8";
    throw invalid(source.faultAt(1, 1, 1, message, 'save it again with the encoding "UTF-8"'));
  }
  let text: string;
  try {
    text = strictUtf8.decode(bytes);
  } catch {
    throw invalid(notUtf8(file, bytes));
  }
  const source = new SourceText(file, text);
  const nul = text.indexOf("\0");
  if (nul >= 0) throw invalid(holdsNul(source, nul));
  return source;
}

function isUtf16([first, second]: Uint8Array): boolean {
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

function notUtf8(file: string, bytes: Uint8Array): Fault {
  let start = 0;
  let line = 1;
  for (;;) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    if (!isUtf8(bytes.subarray(start, end)) || newline < 0) break;
    start = newline + 1;
    line += 1;
  }
  const loose = new SourceText(file, looseUtf8.decode(bytes));
  const text = looseUtf8.decode(bytes.subarray(start)).split("\n", 1)[0] ?? "";
  const column = text.indexOf("\uFFFD") + 1;
  const suggestion = 'save it again with the encoding "UTF-8"; "°C" and "µ" are the usual culprits';
  return loose.faultAt(line, Math.max(1, column), 1, "this byte is not UTF-8 text", suggestion);
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    strictUtf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function holdsNul(source: SourceText, offset: number): Fault {
  const before = source.text.slice(0, offset).split("\n");
  const column = (before.at(-1)?.length ?? 0) + 1;
  const message = "the file holds a NUL byte";
  const suggestion = "was it cut off while being written? Copy it again";
  const fault = source.faultAt(before.length, column, 1, message, suggestion);
  return { ...fault, excerpt: "" };
}

function invalid(fault: Fault): ConfigError {
  return new ConfigError("CONFIG_INVALID", [fault]);
}
