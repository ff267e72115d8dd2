/**
 * A pseudo terminal that stands for a serial cable: the simulator writes at one end, and whoever
 * opens `path` reads at the other. The kernel keeps some 4 KB for a reader that is away.
 *
 * Nothing here may block the event loop: libuv writes to a pty's master blockingly, so bytes go
 * through the thread pool, one write at a time.
 */
import { strict as assert } from "node:assert";
import { closeSync, constants, openSync, read, write } from "node:fs";
import { ReadStream } from "node:tty";
import { messageOf } from "#core/errors.ts";

/** As much as the kernel keeps. */
const WAITING_BYTES_MAX = 4096;

export class Pty {
  /** Device path, such as `/dev/pts/3`. */
  readonly path: string;
  readonly #master: ReadStream;
  readonly #masterFd: number;
  /** Keeps the slave open without reading it. */
  readonly #keeperFd: number;
  #writing: Promise<void> | undefined;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  private constructor(path: string, master: ReadStream, masterFd: number, keeperFd: number) {
    this.path = path;
    this.#master = master;
    this.#masterFd = masterFd;
    this.#keeperFd = keeperFd;
  }

  /** Opens a pair, or says why there is none: no prebuilt binding, no /dev/ptmx, no free pty. */
  static async open(): Promise<Pty | { reason: string }> {
    try {
      const library: unknown = await import("@lydell/node-pty");
      const terminal = openTerminal(library);
      const path: unknown = Reflect.get(terminal, "ptsName");
      const fd: unknown = Reflect.get(terminal, "fd");
      const master: unknown = Reflect.get(terminal, "master");
      const slave: unknown = Reflect.get(terminal, "slave");
      assert(typeof path === "string" && master instanceof ReadStream);
      assert(typeof fd === "number" && slave instanceof ReadStream);
      slave.setRawMode(true);
      // The master fails whenever nobody has the slave open, so we keep it open; but the library's
      // stream would read from it, and take bytes from whoever is to have them.
      const keeperFd = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
      for (const end of [master, slave]) ignoreErrors(end);
      slave.destroy();
      return new Pty(path, master, fd, keeperFd);
    } catch (error) {
      return { reason: messageOf(error) };
    }
  }

  /** False while nobody has read for so long that the last line still waits. */
  get isFree(): boolean {
    return this.#writing === undefined;
  }

  /** Sends bytes. The pty must be free. */
  write(line: string | Uint8Array): void {
    assert(!this.#writing);
    this.#writing = new Promise((resolve) => {
      // An error here is EIO, for a pair that is being closed: the line is lost with it.
      write(this.#masterFd, Buffer.from(line), () => {
        this.#writing = undefined;
        resolve();
      });
    });
  }

  /** Calls `listener` with what the other side writes. */
  onData(listener: (bytes: Uint8Array) => void): void {
    this.#master.on("data", listener);
  }

  /** Sends bytes behind those that wait already; more than a reader can miss are lost. */
  send(bytes: Uint8Array): void {
    if (this.#waitingBytes + bytes.length > WAITING_BYTES_MAX) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.isFree) this.#sendNext();
  }

  #sendNext(): void {
    if (this.#waiting.length === 0) return;
    this.write(Buffer.concat(this.#waiting.splice(0)));
    this.#waitingBytes = 0;
    void this.#writing?.then(() => this.#sendNext());
  }

  /** Reads a line that still waits itself, so that its thread comes free. */
  async close(): Promise<void> {
    this.#waiting.length = 0;
    if (this.#writing) read(this.#keeperFd, () => {});
    await this.#writing;
    closeSync(this.#keeperFd);
    this.#master.destroy();
  }
}

/** The library's `open` is missing from its types. */
function openTerminal(library: unknown): object {
  assert(typeof library === "object" && library !== null);
  const open: unknown = Reflect.get(library, "open");
  assert(typeof open === "function", "node-pty has no open()");
  const terminal: unknown = Reflect.apply(open, undefined, [{ encoding: null }]);
  assert(typeof terminal === "object" && terminal !== null);
  return terminal;
}

/** A pty reports EIO when its other end closes; the library throws where it has fewer than two listeners. */
function ignoreErrors(end: ReadStream): void {
  for (let i = 0; i < 2; i++) end.on("error", () => {});
}
