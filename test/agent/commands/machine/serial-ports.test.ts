import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listPorts, type PortFolders } from "#agent/commands/machine/serial-ports.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

async function machine(): Promise<PortFolders> {
  const root = await tempFolder();
  const folders = {
    byId: join(root, "by-id"),
    byPath: join(root, "by-path"),
    ttys: join(root, "ttys"),
    devices: join(root, "dev"),
  };
  for (const folder of Object.values(folders)) mkdirSync(folder);
  return folders;
}

function plug(folders: PortFolders, tty: string, driver: string, id?: string): string {
  const device = join(folders.devices, tty);
  writeFileSync(device, "");
  const drivers = join(folders.ttys, "..", driver);
  mkdirSync(drivers, { recursive: true });
  mkdirSync(join(folders.ttys, tty, "device"), { recursive: true });
  symlinkSync(drivers, join(folders.ttys, tty, "device/driver"));
  if (id !== undefined) symlinkSync(device, join(folders.byId, id));
  return device;
}

test("a port is named by its adapter's id, else by its device", async () => {
  const folders = await machine();
  const usb = plug(folders, "ttyUSB0", "ftdi_sio", "usb-FTDI_A1");
  const built = plug(folders, "ttyAMA0", "uart-pl011");
  symlinkSync(usb, join(folders.byPath, "pci-0000"));
  expect(listPorts(folders)).toEqual([
    { path: built, device: built, isStable: false, isPermitted: true },
    { path: join(folders.byId, "usb-FTDI_A1"), device: usb, isStable: true, isPermitted: true },
  ]);
});

test("ports that are only in the kernel's list, and consoles, are left out", async () => {
  const folders = await machine();
  plug(folders, "ttyS4", "serial8250");
  mkdirSync(join(folders.ttys, "tty1"));
  symlinkSync(join(folders.devices, "gone"), join(folders.byId, "usb-pulled-out"));
  expect(listPorts(folders)).toEqual([]);
});

test("a machine without serial ports has none", () => {
  const nowhere = "/nonexistent/ports";
  expect(listPorts({ byId: nowhere, byPath: nowhere, ttys: nowhere, devices: nowhere })).toEqual(
    [],
  );
});
