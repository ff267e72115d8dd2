import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { portPath, usbPorts } from "#agent/sources/serial/usb-ports.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

let sys: string;

/** Adapters as the kernel shows them: `tty` → … → interface → device with its attributes. */
async function plugIn(
  tty: string,
  where: string,
  attributes: Record<string, string>,
): Promise<void> {
  const device = join(sys, "devices/pci0/usb1", where);
  await mkdir(join(device, `${where}:1.0`, tty), { recursive: true });
  for (const [name, value] of Object.entries(attributes)) {
    await writeFile(join(device, name), `${value}\n`);
  }
  await mkdir(join(sys, "class/tty", tty), { recursive: true });
  await symlink(join(device, `${where}:1.0`, tty), join(sys, "class/tty", tty, "device"));
}

const FTDI = { idVendor: "0403", idProduct: "6001", manufacturer: "FTDI", product: "USB-RS485" };

beforeEach(async () => {
  sys = await tempFolder();
  await mkdir(join(sys, "class/tty/tty0"), { recursive: true });
});

test("an adapter is found by vendor and product, whatever its name is today", async () => {
  await plugIn("ttyUSB3", "1-2", { ...FTDI, serial: "A10KX3" });
  await plugIn("ttyACM0", "1-3", { idVendor: "2341", idProduct: "0043" });
  expect(portPath("usb:0403:6001", sys)).toBe("/dev/ttyUSB3");
  expect(portPath("usb:2341:0043", sys)).toBe("/dev/ttyACM0");
});

test("one of several alike is found by its serial number", async () => {
  await plugIn("ttyUSB0", "1-1", { ...FTDI, serial: "A10KX3" });
  await plugIn("ttyUSB1", "1-2", { ...FTDI, serial: "B7" });
  expect(portPath("usb:0403:6001:B7", sys)).toBe("/dev/ttyUSB1");
  expect(() => portPath("usb:0403:6001", sys)).toThrow(
    "cannot open usb:0403:6001: several adapters fit (A10KX3, B7): add the serial number",
  );
});

test("one that is not plugged in is told, with those that are", async () => {
  expect(() => portPath("usb:0403:6001", sys)).toThrow("no USB serial adapter is plugged in");
  await plugIn("ttyUSB0", "1-1", { ...FTDI, serial: "A10KX3" });
  expect(() => portPath("usb:0403:6001:C", sys)).toThrow(
    "no such adapter is plugged in; there are: usb:0403:6001:A10KX3 (/dev/ttyUSB0)",
  );
});

test("any other name is a path already", () => {
  expect(portPath("/dev/serial/by-id/usb-FTDI_A1", sys)).toBe("/dev/serial/by-id/usb-FTDI_A1");
});

test("all are listed with what they call themselves, and terminals without hardware are not", async () => {
  await plugIn("ttyUSB1", "1-2", { ...FTDI, serial: "" });
  await plugIn("ttyUSB0", "1-1", { ...FTDI, serial: "A10KX3" });
  expect(usbPorts(sys)).toEqual([
    {
      path: "/dev/ttyUSB0",
      vendor: "0403",
      product: "6001",
      serial: "A10KX3",
      title: "FTDI USB-RS485",
    },
    { path: "/dev/ttyUSB1", vendor: "0403", product: "6001", serial: "", title: "FTDI USB-RS485" },
  ]);
  expect(usbPorts(join(sys, "nowhere"))).toEqual([]);
});
