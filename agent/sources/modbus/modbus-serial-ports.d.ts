/** The ports inside modbus-serial, which its own types leave out. Only what is used here. */
declare module "modbus-serial/ports/tcpport.js" {
  import type { EventEmitter } from "node:events";
  import type { Socket } from "node:net";

  export default class TcpPort extends EventEmitter {
    constructor(options: { socket: Socket });
    readonly isOpen: boolean;
    _transactionIdRead: number;
    _transactionIdWrite: number;
    open(callback: (error?: Error) => void): void;
    write(frame: Buffer): void;
  }
}
