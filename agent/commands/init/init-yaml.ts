/** A gateway's first file, with comments for who has never seen one. Pure. */
export interface InitAnswers {
  readonly gateway: string;
  /** For the editor, which then completes and checks. */
  readonly schemaPath: string;
  readonly bus: InitBus | undefined;
  readonly devices: readonly { name: string; unit: number; template: string }[];
}

export type InitBus =
  | { kind: "line"; port: string; baud: number; parity: string }
  | { kind: "host"; host: string; port: number };

export function initYaml({ gateway, schemaPath, bus, devices }: InitAnswers): string {
  return `# yaml-language-server: $schema=${schemaPath}
#
# The gateway ${gateway}. After a change: penstock check, and the running agent takes it over.
version: 1
gateway: ${gateway} # The cloud knows it by this name. Never reuse one.
# site: north # A dimension of every series.

# Until there is a way to the cloud, readings wait in the buffer.
# uplink:
#   eventHubs: { namespace: plant.servicebus.windows.net, hub: telemetry, key: !secret event-hubs }

buffer:
  maxBytes: 1GiB # What it may take of the disk; then the oldest readings go.
  maxAge: 14d

http:
  listen: 127.0.0.1:8080 # The gateway's own page.

${bus ? busLines(bus) : BUS_EXAMPLE}
${devices.length > 0 && bus ? deviceLines(bus, devices) : DEVICE_EXAMPLE}`;
}

const BUS_EXAMPLE = `# Wires to devices. \`penstock ports\` lists serial ports; \`penstock scan\` finds what is on them, and
# prints the sections that belong here.
# buses:
#   rs485: { modbus: rtu, port: /dev/serial/by-id/usb-FTDI_A1, baud: 9600, parity: even }
#   packer: { modbus: tcp, host: 192.168.10.20 }
`;

const DEVICE_EXAMPLE = `# The devices. \`penstock read NAME\` reads one, \`penstock probe NAME 40001\` tries all word orders.
# devices:
#   meter-1: { bus: rs485, unit: 1, template: eastron-sdm630 }
`;

function busLines(bus: InitBus): string {
  if (bus.kind === "line") {
    return `buses:
  rs485:
    modbus: rtu
    port: ${bus.port} # \`penstock ports\` lists them; names by id stay.
    baud: ${bus.baud} # As the devices have it: \`penstock scan\` finds out.
    parity: ${bus.parity}
`;
  }
  return `buses:
  network: { modbus: tcp, host: ${bus.host}${bus.port === 502 ? "" : `, port: ${bus.port}`} }
`;
}

function deviceLines(bus: InitBus, devices: InitAnswers["devices"]): string {
  const name = bus.kind === "line" ? "rs485" : "network";
  const lines = devices.map(
    (device) =>
      `  ${device.name}: { bus: ${name}, unit: ${device.unit}, template: ${device.template}, every: 1s }`,
  );
  return `devices: # \`penstock read NAME\` reads one; \`limits\` on a tag raise alarms.
${lines.join("\n")}
`;
}
