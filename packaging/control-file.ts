/** The package's description of itself (deb-control(5)). */
import type { Architecture } from "./architecture.ts";

export interface ControlFields {
  version: string;
  architecture: Architecture;
  installedBytes: number;
}

const DEPENDS = ["adduser", "ca-certificates", "libc6", "libstdc++6", "systemd"];

export function controlFile({ version, architecture, installedBytes }: ControlFields): string {
  return `Package: penstock
Version: ${version}
Architecture: ${architecture}
Maintainer: Penstock maintainers <maintainers@penstock.invalid>
Section: net
Priority: optional
Depends: ${DEPENDS.join(", ")}
Installed-Size: ${Math.ceil(installedBytes / 1024)}
Description: edge IoT gateway agent and its cloud sink
 Reads Modbus, serial lines and MQTT on factory hardware, watches every series for
 limits and outliers, keeps readings on disk until the cloud has them, and sends
 them to Azure Event Hubs. Brings its own Node.js.
`;
}
