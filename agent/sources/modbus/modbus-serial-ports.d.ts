/** The parts inside modbus-serial, which its own types leave out. Only what is used here. */
declare module "modbus-serial/ports/tcpport.js" {
  import { EventEmitter } from "node:events";
  import type { Socket } from "node:net";

  export default class TcpPort extends EventEmitter {
    constructor(options: { socket: Socket });
    readonly isOpen: boolean;
    _transactionIdRead: number;
    _transactionIdWrite: number;
    open(callback: (error?: Error | null) => void): void;
    write(frame: Buffer): void;
  }
}

/** RTU frames over TCP: the library calls it telnet. */
declare module "modbus-serial/ports/telnetport.js" {
  import { EventEmitter } from "node:events";
  import type { Socket } from "node:net";

  export default class TelnetPort extends EventEmitter {
    constructor(options: { socket: Socket });
    readonly isOpen: boolean;
    _transactionIdRead: number;
    _transactionIdWrite: number;
    _buffer: Buffer;
    open(callback: (error?: Error | null) => void): void;
    write(frame: Buffer): void;
  }
}

declare module "modbus-serial/ports/rtubufferedport.js" {
  import { EventEmitter } from "node:events";
  import type { SerialPort } from "serialport";

  export default class RTUBufferedPort extends EventEmitter {
    constructor(path: string, options: object);
    readonly isOpen: boolean;
    readonly _client: SerialPort;
    _transactionIdRead: number;
    _transactionIdWrite: number;
    _buffer: Buffer;
    open(callback: (error?: Error | null) => void): void;
    write(frame: Buffer): void;
  }
}

declare module "modbus-serial/ports/asciiport.js" {
  import { EventEmitter } from "node:events";
  import type { SerialPort } from "serialport";

  export default class AsciiPort extends EventEmitter {
    constructor(path: string, options: object);
    readonly isOpen: boolean;
    readonly _client: SerialPort;
    _transactionIdRead: number;
    _transactionIdWrite: number;
    _buffer: Buffer;
    open(callback: (error?: Error | null) => void): void;
    write(frame: Buffer): void;
  }
}

declare module "modbus-serial/utils/crc16.js" {
  export default function crc16(bytes: Uint8Array): number;
}
