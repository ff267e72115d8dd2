/** `scan`: which units are there, and at which settings of the line. */
import { type CommandIo, declareCommand, JSON_OPTION } from "#config/command-line/command.ts";
import { EXIT } from "#config/command-line/exit.ts";
import { loadGateway } from "#config/loading/load-config.ts";
import { systemClock } from "#core/clock.ts";
import { CONFIG_OPTION, configFileOf } from "../config-file.ts";
import { accessBus, type BusAccess, frameWriter, openBus, watched } from "../device/bus-access.ts";
import { Recognition } from "./recognise.ts";
import { type LineSettings, ScanPlan } from "./scan-plan.ts";
import { ScanProgress } from "./scan-progress.ts";
import { busAt, type ScanRequest, scanRequestOf } from "./scan-request.ts";
import { type FoundUnit, scanYaml } from "./scan-yaml.ts";
import { isThere, spanReader } from "./unit-search.ts";

interface FoundLine {
  line: LineSettings | undefined;
  units: FoundUnit[];
}

export const scanCommand = declareCommand({
  name: "scan",
  operands: "[BUS]",
  operandCount: [0, 1],
  summary: "finds the units of a serial line or a host, and prints YAML to paste",
  description: `A line is asked at each baud rate and parity, the low unit ids first; devices are recognised by their
templates. A BUS of the gateway's file is scanned at its own settings: while an agent runs, through
it and between its polls. Exit code: 1 where nothing was found.`,
  options: {
    ...CONFIG_OPTION,
    ...JSON_OPTION,
    port: { type: "string", value: "PORT", means: "a serial port; `ports` lists them" },
    host: {
      type: "string",
      value: "HOST[:PORT]",
      means: "a Modbus TCP device, or gateway to several",
    },
    baud: { type: "string", value: "LIST", means: "only these baud rates: 9600,19200" },
    parity: { type: "string", value: "LIST", means: "only these: none,even,odd" },
    all: {
      type: "boolean",
      default: false,
      means: "go on with other settings after the first answer",
    },
    units: { type: "string", value: "LIST", default: "1-247", means: "only these unit ids" },
    templates: { type: "string", value: "DIR", means: "a folder with device templates of yours" },
    timeout: { type: "string", value: "MS", default: "150", means: "how long an answer may take" },
    verbose: { type: "boolean", short: "v", default: false, means: "each frame, in hexadecimal" },
  },
  examples: [
    { line: "penstock scan --port /dev/ttyUSB0", does: "a line of which nothing is known" },
    { line: "penstock scan --port /dev/ttyUSB0 --baud 9600 --units 1-10", does: "a quick look" },
    { line: "penstock scan --host 192.168.10.20", does: "the units behind a gateway" },
    { line: "penstock scan packer", does: "a bus of the gateway's file" },
  ],
  run: async ({ values, operands, io }) => {
    const settings = (): ReturnType<typeof loadGateway> =>
      loadGateway(configFileOf(values.config, io.env));
    const request = scanRequestOf(values, operands[0], settings);
    const open = opener(request, io, () => settings().buffer.path);
    const found = await scan(request, io, async (line) => {
      const access = await open(line);
      const link = watched(access.link, frameWriter(values.verbose, io.stderr));
      return { ...access, link };
    });
    if (values.json) io.stdout.write(`${JSON.stringify(found)}\n`);
    else report(request, found, io);
    return found.length > 0 ? EXIT.fine : EXIT.failed;
  },
});

type Open = (line: LineSettings | undefined) => Promise<BusAccess>;

function opener(
  { isConfigured, name, bus }: ScanRequest,
  io: CommandIo,
  bufferPath: () => string,
): Open {
  if (!isConfigured) return (line) => openBus(busAt(bus, line));
  return () => {
    const access = { bus: name, settings: bus, bufferPath: bufferPath(), signal: io.signal };
    return accessBus(access);
  };
}

async function scan(request: ScanRequest, io: CommandIo, open: Open): Promise<FoundLine[]> {
  const { lines, units, timeoutMs } = request;
  const plan = new ScanPlan(lines, units, request.isThorough);
  const progress = new ScanProgress(io.stderr, systemClock);
  const recognition = new Recognition(request.shelf);
  const found = new Map<LineSettings | undefined, FoundLine>();
  for (const step of plan.steps()) {
    if (io.signal.aborted) break;
    const { line } = step;
    const access = await open(line);
    try {
      for (const unit of step.units) {
        if (io.signal.aborted) break;
        progress.show(plan, step, unit);
        plan.count();
        if (!(await isThere(access.link, unit, timeoutMs))) continue;
        plan.foundAt(line, unit);
        const here = found.get(line) ?? { line, units: [] };
        found.set(line, here);
        const read = spanReader(access.link, unit, timeoutMs, systemClock);
        const kinds = await recognition.fitting(read);
        here.units.push({ unit, templates: kinds });
        here.units.sort((a, b) => a.unit - b.unit);
        progress.tell(
          `unit ${unit}${line ? ` at ${line.baud} baud, parity ${line.parity}` : ""}: ${kinds[0] ?? "answers"}`,
        );
      }
    } finally {
      await access.close();
    }
  }
  progress.end();
  return [...found.values()];
}

function report(
  request: ScanRequest,
  found: readonly FoundLine[],
  { stdout, stderr }: CommandIo,
): void {
  if (found.length === 0) {
    stderr.write(
      "port" in request.bus && !("host" in request.bus)
        ? "Nobody answers. Is the device powered, are A and B swapped, is the line terminated? Slow devices: --timeout 1000.\n"
        : "Nobody answers. Is it Modbus TCP, and the right port? Slow devices: --timeout 1000.\n",
    );
    return;
  }
  const { name, bus } = request;
  for (const [i, { line, units }] of found.entries()) {
    const settings =
      "host" in bus
        ? { modbus: bus.modbus, host: bus.host, ...(bus.port !== 502 && { port: bus.port }) }
        : { modbus: bus.modbus, port: bus.port, ...line };
    stdout.write(scanYaml({ name: i === 0 ? name : `${name}-${i + 1}`, settings, units }));
  }
}
