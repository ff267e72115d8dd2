/** What a command's `DEVICE` or `DEVICE/TAG` names in the gateway's file. */
import { Misuse } from "#config/command-line/command.ts";
import { nearest } from "#config/faults/nearest.ts";
import type { DeviceSettings } from "#config/gateway/device.ts";
import type { GatewaySettings } from "#config/gateway.ts";

export interface Target {
  readonly name: string;
  readonly device: DeviceSettings;
  readonly tag: string | undefined;
  /** Undefined for a device that publishes by MQTT. */
  readonly bus: { name: string; settings: GatewaySettings["buses"][string] } | undefined;
}

/** @throws Misuse where the file has no such device, or no such tag */
export function targetOf(text: string, { devices, buses }: GatewaySettings): Target {
  const [name = "", tag, ...more] = text.split("/");
  if (more.length > 0) throw new Misuse(`"${text}": expected DEVICE or DEVICE/TAG`);
  const device = Object.hasOwn(devices, name) ? devices[name] : undefined;
  if (!device) throw unknown("device", name, Object.keys(devices));
  // A tag of a device that publishes, or of a line's pattern, need not stand in the file.
  const isPolled = device.bus !== undefined && "modbus" in (buses[device.bus] ?? {});
  if (tag !== undefined && isPolled && !Object.hasOwn(device.tags, tag)) {
    throw unknown(`tag of ${name}`, tag, Object.keys(device.tags));
  }
  const bus = device.bus === undefined ? undefined : buses[device.bus];
  return {
    name,
    device,
    tag,
    bus: bus && device.bus !== undefined ? { name: device.bus, settings: bus } : undefined,
  };
}

const NAMES_SHOWN = 10;

function unknown(what: string, name: string, known: readonly string[]): Misuse {
  const near = nearest(name, known);
  if (near !== undefined)
    return new Misuse(`There is no ${what} "${name}". Did you mean "${near}"?`);
  const more = known.length > NAMES_SHOWN ? ", …" : "";
  const names = known.slice(0, NAMES_SHOWN).join(", ");
  return new Misuse(`There is no ${what} "${name}". The file has: ${names || "none"}${more}.`);
}
