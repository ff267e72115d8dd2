import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { silentLogger } from "#core/log.ts";
import { ServiceManager } from "#core/service-manager.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { type Peer, peerTest } from "#test/support/peer.ts";
import { tempFolder } from "#test/support/temp-folder.ts";
import { until } from "#test/support/until.ts";

const socat: Peer = { probe: ["which", "socat"], debianPackage: "socat" };
const systemdNotify: Peer = { probe: ["which", "systemd-notify"], debianPackage: "systemd" };

/** What systemd's side of the socket has received. */
async function listenAsSystemd(): Promise<{ socket: string; received: () => string }> {
  const socket = join(await tempFolder(), "notify");
  const listener = spawn("socat", ["-u", `UNIX-RECV:${socket}`, "STDOUT"]);
  onTestFinished(() => void listener.kill());
  let text = "";
  listener.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  await until(() => existsSync(socket));
  return { socket, received: () => text };
}

function serviceOf(environment: Record<string, string>, clock = new ManualClock()) {
  const state: { stalled: string | undefined } = { stalled: undefined };
  const service = new ServiceManager({
    environment,
    clock,
    log: silentLogger,
    stalled: () => state.stalled,
  });
  return { service, clock, state };
}

peerTest(
  "tells systemd that it is ready, that it goes on, and that it ends",
  [socat, systemdNotify],
  async () => {
    const { socket, received } = await listenAsSystemd();
    const environment = {
      PATH: "/usr/bin:/bin",
      NOTIFY_SOCKET: socket,
      WATCHDOG_USEC: "30000000",
    };
    const { service, clock } = serviceOf(environment);
    service.ready("listens on port 8080");
    await until(() => received().includes("READY=1"));
    expect(received()).toContain("STATUS=listens on port 8080");
    expect(received()).not.toContain("WATCHDOG=1");

    await clock.advance(10_000);
    await until(() => received().includes("WATCHDOG=1"));

    service.stopping();
    await until(() => received().includes("STOPPING=1"));
  },
);

peerTest(
  "leaves the watchdog hungry while work stands still, and feeds it when it goes on",
  [socat, systemdNotify],
  async () => {
    const { socket, received } = await listenAsSystemd();
    const environment = {
      PATH: "/usr/bin:/bin",
      NOTIFY_SOCKET: socket,
      WATCHDOG_USEC: "30000000",
    };
    const { service, clock, state } = serviceOf(environment);
    state.stalled = "the buffer has been writing for 40 s";
    service.ready("");
    await clock.advance(60_000);
    service.stopping();
    await until(() => received().includes("STOPPING=1"));
    expect(received()).not.toContain("WATCHDOG=1");

    const again = serviceOf(environment);
    again.service.ready("");
    await again.clock.advance(10_000);
    await until(() => received().includes("WATCHDOG=1"));
    again.service.stopping();
  },
);

test("feeds nobody where no watchdog is set", () => {
  const { service, clock } = serviceOf({});
  service.ready("");
  expect(clock.waiting).toEqual([]);
});
