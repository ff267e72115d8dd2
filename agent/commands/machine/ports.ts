/** `ports`: the serial ports of this machine. */
import { declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { textTable } from "#config/command-line/text-table.ts";
import { listPorts, type SerialPortInfo } from "./serial-ports.ts";

export const portsCommand = declareCommand({
  name: "ports",
  summary: "the serial ports of this machine, by names that last",
  description: `A name below /dev/serial/by-id stays that of its adapter; /dev/ttyUSB0 may be another one after a
restart. Write the first column into the gateway's file.`,
  options: { ...JSON_OPTION },
  examples: [{ line: "penstock ports", does: "lists them, with who uses them" }],
  run: ({ values, io }) => {
    const ports = listPorts();
    if (values.json) io.stdout.write(`${JSON.stringify(ports)}\n`);
    else if (ports.length > 0) {
      io.stdout.write(`${textTable(["port", "device", "state"], ports.map(rowOf))}\n`);
    } else io.stderr.write("No serial ports. Is the adapter plugged in? See `dmesg | tail`.\n");
    if (!values.json && ports.some((port) => !port.isPermitted)) {
      io.stderr.write("Not permitted: put your user into the group dialout, and log in again:\n");
      io.stderr.write("  sudo usermod -aG dialout $USER\n");
    }
    return EXIT.fine;
  },
});

function rowOf({ path, device, isPermitted, isStable, usedBy }: SerialPortInfo): string[] {
  const free = isPermitted ? "free" : "not permitted";
  const state = usedBy === undefined ? free : `in use by ${usedBy}`;
  return [path, device, isStable ? state : `${state}; no stable name`];
}
