// peerTest is a test block, which the linter cannot know:
// oxlint-disable vitest/no-standalone-expect
/** The simulator's units as mbpoll shows them: each of its types, from both tables, by TCP and by RTU. */
import { expect } from "vitest";
import { mbpoll, peerTest } from "#test/support/peer.ts";
import { byRtu, byTcp, type MbpollWire, mbpollOnce } from "./mbpoll.ts";
import { HELD, type Held, startLine, startPlant, TEXT } from "./typed-units.ts";

/** The types that it decodes: others it shows as registers only. */
const TYPES: Readonly<Record<string, string>> = {
  int16: "",
  uint16: "",
  int32: ":int",
  uint32: ":int",
  float32: ":float",
};
/** It swaps registers, but never the bytes in them. */
const ORDERS: Readonly<Record<string, readonly string[]>> = { ABCD: ["-B"], CDAB: [] };

const WIRES: readonly [string, () => Promise<MbpollWire>][] = [
  ["by Modbus TCP", async () => byTcp(await startPlant())],
  ["on a serial line, by RTU", async () => byRtu(await startLine())],
];

/** What lies one behind the other in one type and order. */
function runsOf(): Held[][] {
  const runs = new Map<string, Held[]>();
  for (const held of HELD) {
    const { unit, type, order } = held.read;
    if (!(type in TYPES && order in ORDERS)) continue;
    const key = `${unit} ${order}`;
    runs.set(key, [...(runs.get(key) ?? []), held]);
  }
  return [...runs.values()];
}

function requestFor([first]: readonly Held[], count: number, format?: string): string[] {
  if (!first) throw new Error("a run has a value");
  const { unit, table, address, type, order } = first.read;
  const number = table === "holding" ? 4 : 3;
  const shape = `${number}${format ?? TYPES[type]}`;
  const place = ["-a", String(unit), "-r", String(address + 1), "-c", String(count)];
  return [...place, "-t", shape, ...(ORDERS[order] ?? [])];
}

/** As it prints them: floats with six digits, 32 bits with a sign, 16 bits without, and with one in brackets. */
function shownAs({ read, value }: Held): string {
  const number = Number(value);
  if (read.type === "float32") return String(Number(Math.fround(number).toPrecision(6)));
  if (read.type.endsWith("32")) return String(number | 0);
  const raw = number & 0xffff;
  return raw < 0x8000 ? String(raw) : `${raw} (${raw - 0x1_0000})`;
}

/** So that 3.4e+38 and 3.4e38 are one. */
function plain(text: string | undefined): string {
  return Number.isNaN(Number(text)) ? String(text) : String(Number(text));
}

for (const [way, start] of WIRES) {
  peerTest(`mbpoll reads every type that it knows, in both tables, ${way}`, [mbpoll], async () => {
    const wire = await start();
    const runs = runsOf();
    expect(runs).toHaveLength(20);
    for (const run of runs) {
      const { shown } = await mbpollOnce(wire, requestFor(run, run.length));
      expect(shown.map(plain)).toEqual(run.map(shownAs));
    }
  });

  peerTest(`mbpoll reads a text as hexadecimal registers, ${way}`, [mbpoll], async () => {
    const registers = TEXT.read.length ?? 0;
    const { shown } = await mbpollOnce(await start(), requestFor([TEXT], registers, ":hex"));
    expect(shown).toHaveLength(registers);
    const bytes = Buffer.from(shown.map((word) => word.replace("0x", "")).join(""), "hex");
    expect(bytes.toString("latin1").replace(/\0+$/, "")).toBe(TEXT.value);
  });

  peerTest(`mbpoll reads coils and discrete inputs, ${way}`, [mbpoll], async () => {
    const wire = await start();
    const read = (type: string, reference: number): ReturnType<typeof mbpollOnce> =>
      mbpollOnce(wire, ["-a", "99", "-t", type, "-r", String(reference)]);
    expect(await read("0", 5)).toEqual({ shown: ["1"], failure: undefined });
    expect(await read("1", 8)).toEqual({ shown: ["1"], failure: undefined });
    expect(await read("0", 6)).toEqual({ shown: [], failure: "Illegal data address" });
  });

  peerTest(`what mbpoll writes is refused, and changes nothing, ${way}`, [mbpoll], async () => {
    const wire = await start();
    const write = (type: string, reference: number, values: number[]): Promise<unknown> =>
      mbpollOnce(wire, ["-a", "1", "-t", type, "-r", String(reference)], values);
    const refused = { shown: [], failure: "Illegal function" };
    expect(await write("0", 1, [1])).toEqual(refused);
    expect(await write("0", 1, [1, 0, 1])).toEqual(refused);
    expect(await write("4", 1, [7])).toEqual(refused);
    expect(await write("4", 1, [7, 8])).toEqual(refused);
    expect(await write("4:int", 1, [-7])).toEqual(refused);
    expect(await write("4:float", 1, [71.2])).toEqual(refused);
    const [first = []] = runsOf();
    const { shown } = await mbpollOnce(wire, requestFor(first, first.length));
    expect(shown).toEqual(first.map(shownAs));
  });
}
