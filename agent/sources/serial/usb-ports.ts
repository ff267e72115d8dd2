/**
 * Serial ports by what is plugged in: `usb:0403:6001:A10KX3` is the adapter of that vendor, product
 * and serial number, whatever its name is today. The kernel says it below /sys/class/tty; udev, and
 * its names below /dev/serial, need not be there.
 */
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { PenstockError } from "#core/errors.ts";

export interface UsbPort {
  /** Such as /dev/ttyUSB0. */
  path: string;
  /** Four hexadecimal digits each. */
  vendor: string;
  product: string;
  /** Empty where the adapter has none. */
  serial: string;
  /** What the adapter calls itself. */
  title: string;
}

/** Where the kernel shows its devices. */
const SYS = "/sys";

/** An adapter stands at most so far above its port: interface, device, and a hub's or two. */
const PARENTS_MAX = 6;

const NAMED = /^usb:([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::(.+))?$/;

/**
 * The path of a port that the settings name by its adapter; any other is a path already.
 * @throws PenstockError PORT_UNAVAILABLE: no such adapter is plugged in, or several
 */
export function portPath(port: string, sys = SYS): string {
  const named = NAMED.exec(port);
  if (!named) return port;
  const [, vendor = "", product = "", serial] = named;
  const plugged = usbPorts(sys);
  const fitting = plugged.filter(
    (usb) =>
      usb.vendor === vendor.toLowerCase() &&
      usb.product === product.toLowerCase() &&
      (serial === undefined || usb.serial === serial),
  );
  const [found, another] = fitting;
  if (found && !another) return found.path;
  const why = found ? severalFit(fitting) : noneFits(plugged);
  throw new PenstockError("PORT_UNAVAILABLE", `cannot open ${port}: ${why}`, {
    context: { port },
  });
}

/** All serial ports of USB adapters, by their paths. */
export function usbPorts(sys = SYS): UsbPort[] {
  return namesIn(`${sys}/class/tty`)
    .flatMap((name) => usbPort(`${sys}/class/tty/${name}/device`, `/dev/${name}`) ?? [])
    .toSorted((a, b) => a.path.localeCompare(b.path));
}

function usbPort(device: string, path: string): UsbPort | undefined {
  let folder: string;
  try {
    folder = realpathSync(device);
  } catch {
    // A terminal without a device behind it, as most are.
    return undefined;
  }
  for (let i = 0; i < PARENTS_MAX; i++, folder = parentOf(folder)) {
    const vendor = attribute(folder, "idVendor");
    if (vendor === "") continue;
    const [product, serial] = [attribute(folder, "idProduct"), attribute(folder, "serial")];
    const maker = attribute(folder, "manufacturer");
    const title = `${maker} ${attribute(folder, "product")}`.trim();
    return { path, vendor, product, serial, title };
  }
  return undefined;
}

function parentOf(folder: string): string {
  return folder.slice(0, Math.max(1, folder.lastIndexOf("/")));
}

function attribute(folder: string, name: string): string {
  try {
    return readFileSync(`${folder}/${name}`, "utf8").trim();
  } catch {
    // Not every device has every attribute.
    return "";
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // In a container without /sys there are none.
    return [];
  }
}

function severalFit(ports: readonly UsbPort[]): string {
  const serials = ports.map(({ serial, path }) => (serial === "" ? path : serial)).join(", ");
  return `several adapters fit (${serials}): add the serial number, or give the path below /dev/serial/by-path`;
}

function noneFits(plugged: readonly UsbPort[]): string {
  if (plugged.length === 0) return "no USB serial adapter is plugged in";
  const names = plugged.map(({ vendor, product, serial, path }) => {
    const id = [vendor, product, serial].filter((part) => part !== "").join(":");
    return `usb:${id} (${path})`;
  });
  return `no such adapter is plugged in; there are: ${names.join(", ")}`;
}
