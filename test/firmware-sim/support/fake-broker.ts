/** A broker that acknowledges when the test says so, and remembers every byte of every PUBLISH. */
import { createServer, type Server, type Socket } from "node:net";
import { generate, parser } from "mqtt-packet";

export interface Received {
  clientId: string;
  topic: string;
  payload: string;
  messageId: number;
  isDup: boolean;
}

export class FakeBroker {
  readonly received: Received[] = [];
  readonly sockets = new Set<Socket>();
  /** Off: messages are received and never answered. */
  isAcknowledging = true;
  pings = 0;
  connects: { clientId: string; clean: boolean }[] = [];
  #server: Server | undefined;

  get port(): number {
    const address = this.#server?.address();
    return typeof address === "object" && address ? address.port : 0;
  }

  async listen(port = 0): Promise<void> {
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.cut();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.sockets.delete(socket));
    let clientId = "";
    const incoming = parser({ protocolVersion: 4 });
    incoming.on("packet", (packet) => {
      if (packet.cmd === "connect") {
        clientId = packet.clientId;
        this.connects.push({ clientId, clean: packet.clean ?? false });
        socket.write(generate({ cmd: "connack", returnCode: 0, sessionPresent: false }));
      } else if (packet.cmd === "publish") {
        const messageId = packet.messageId ?? 0;
        const payload = packet.payload.toString();
        this.received.push({
          clientId,
          topic: packet.topic,
          payload,
          messageId,
          isDup: packet.dup,
        });
        if (this.isAcknowledging) socket.write(generate({ cmd: "puback", messageId }));
      } else if (packet.cmd === "pingreq") {
        this.pings += 1;
        if (this.isAcknowledging) socket.write(generate({ cmd: "pingresp" }));
      }
    });
    socket.on("data", (bytes) => incoming.parse(bytes));
  }
}
