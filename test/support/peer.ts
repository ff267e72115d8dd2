/**
 * Tests against programs that nobody here wrote. Without the program they are skipped, and the
 * title says what to install; under PENSTOCK_REQUIRE_PEERS=1 a missing peer is a failure.
 */
import { spawnSync } from "node:child_process";
import { describe, test } from "vitest";

export interface Peer {
  /** What runs, with arguments under which it ends at once if it is there. */
  probe: readonly [command: string, ...args: string[]];
  /** The Debian package that brings it. */
  debianPackage: string;
}

export const mosquittoPub: Peer = {
  probe: ["which", "mosquitto_pub"],
  debianPackage: "mosquitto-clients",
};
export const mosquittoBroker: Peer = {
  probe: ["test", "-x", "/usr/sbin/mosquitto"],
  debianPackage: "mosquitto",
};
export const mbpoll: Peer = { probe: ["which", "mbpoll"], debianPackage: "mbpoll" };
export const pymodbus: Peer = {
  probe: ["/usr/bin/python3", "-c", "import pymodbus"],
  debianPackage: "python3-pymodbus",
};

export const paho: Peer = {
  probe: ["/usr/bin/python3", "-c", "import paho.mqtt.client"],
  debianPackage: "python3-paho-mqtt",
};

const PEER_TEST_TIMEOUT_MS = 60_000;

function isInstalled(peer: Peer): boolean {
  const [command, ...args] = peer.probe;
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

function missingOf(peers: readonly Peer[]): string[] {
  return peers.filter((peer) => !isInstalled(peer)).map((peer) => peer.debianPackage);
}

/** A group of tests that need the given peers, also to set themselves up. */
export function describePeer(title: string, peers: readonly Peer[], tests: () => void): void {
  const missing = missingOf(peers);
  if (missing.length > 0) peerTest(title, peers, () => Promise.resolve());
  else {
    describe(title, () => {
      tests();
    });
  }
}

/** A test that needs the given peers. */
export function peerTest(
  title: string,
  peers: readonly Peer[],
  run: () => Promise<void>,
  timeoutMs = PEER_TEST_TIMEOUT_MS,
): void {
  const missing = missingOf(peers);
  if (missing.length === 0) {
    test(title, { timeout: timeoutMs }, run);
  } else if (process.env["PENSTOCK_REQUIRE_PEERS"] === "1") {
    test(title, () => {
      throw new Error(`Missing: apt-get install ${missing.join(" ")}`);
    });
  } else {
    test.skip(`${title} (apt-get install ${missing.join(" ")})`, run);
  }
}
