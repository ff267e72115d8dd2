// peerTest is a test block, which the linter cannot know:
// oxlint-disable vitest/no-standalone-expect
/** The simulator's units as a client sees them that nobody here wrote: every type in every order. */
import { createServer } from "node:net";
import { SerialPort } from "serialport";
import { expect, onTestFinished } from "vitest";
import { peerTest, pymodbus } from "#test/support/peer.ts";
import { readWithPymodbus } from "./pymodbus-client.ts";
import { HELD, type Held, startLine, startPlant } from "./typed-units.ts";

/** A value as pymodbus gives it: a float32 as the double that it is. */
function expectedOf({ read, value }: Held): number | string {
  return read.type === "float32" ? Math.fround(Number(value)) : value;
}

/** A serial server before the simulator's line: bare RTU frames by TCP. */
async function startSerialServer(): Promise<number> {
  const port = new SerialPort({ path: await startLine(), baudRate: 9600 });
  onTestFinished(() => new Promise<void>((resolve) => port.close(() => resolve())));
  const server = createServer((socket) => {
    socket.on("data", (bytes) => port.write(bytes));
    port.on("data", (bytes) => socket.write(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("it listens");
  return address.port;
}

peerTest("pymodbus reads every type in every order as the unit holds it", [pymodbus], async () => {
  const values = await readWithPymodbus(
    await startPlant(),
    "tcp",
    HELD.map(({ read }) => read),
  );
  expect(values).toEqual(HELD.map(expectedOf));
});

peerTest("so it does on a serial line, by RTU", [pymodbus], async () => {
  const values = await readWithPymodbus(
    await startSerialServer(),
    "rtu",
    HELD.map(({ read }) => read),
  );
  expect(values).toEqual(HELD.map(expectedOf));
});

peerTest(
  "pymodbus reads coils and discrete inputs, and is refused the others",
  [pymodbus],
  async () => {
    const values = await readWithPymodbus(await startPlant(), "tcp", [
      { unit: 99, table: "coil", address: 4 },
      { unit: 99, table: "discrete", address: 7 },
      { unit: 99, table: "coil", address: 5 },
      { unit: 99, table: "holding", address: 100, type: "int16", order: "ABCD" },
    ]);
    const refused = { error: expect.stringContaining("IllegalAddress") };
    expect(values).toEqual([true, true, refused, refused]);
  },
);
