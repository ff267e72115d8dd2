/** A pseudo-terminal: the program under test opens its path as a serial port, the test is the device. */
import { closeSync, constants, openSync } from "node:fs";
import type { ReadStream } from "node:tty";
import * as library from "@lydell/node-pty";

/** The library's `open`, which its types leave out. */
interface Terminal {
  ptsName: string;
  master: ReadStream;
  slave: ReadStream;
}

function openTerminal(): Terminal {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { open } = library as unknown as {
    open: (this: void, options: { encoding: null }) => Terminal;
  };
  return open({ encoding: null });
}

export class Pty {
  /** What a serial port's path would be, such as /dev/pts/3. */
  readonly path: string;
  readonly #master: ReadStream;
  readonly #keeper: number;
  #isOpen = true;

  constructor() {
    const { ptsName, master, slave } = openTerminal();
    this.path = ptsName;
    this.#master = master;
    slave.setRawMode(true);
    // The master fails whenever nobody has the slave open, so it is kept open; but the library's
    // own stream would take bytes from whoever is to have them.
    this.#keeper = openSync(ptsName, constants.O_RDWR | constants.O_NOCTTY);
    // The library throws where an end has fewer than two listeners for errors.
    for (const end of [master, slave, master, slave]) end.on("error", () => {});
    slave.destroy();
  }

  /** Sends bytes to whoever has the port open. */
  send(bytes: string | Uint8Array): void {
    this.#master.write(bytes);
  }

  /** Calls `listener` with what the other side writes. */
  onData(listener: (bytes: Buffer) => void): void {
    this.#master.on("data", listener);
  }

  /** The cable is pulled out. */
  unplug(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#keeper);
    this.#master.destroy();
  }
}
