/** Faults by name, as the command line asks for them. */
import { parseDurationMs } from "./duration.ts";
import type { Hub } from "./hub.ts";

export const FAULT_HELP = `Faults:
  throttle --for 10s       refuse sends as server-busy; with --delay 2s the refusals come late
  refuse --partition N     refuse sends to one partition, until "clear"
  quota                    refuse sends as beyond a quota, until "clear"
  time-out                 refuse sends as timed out, until "clear"
  delay --for 200ms        confirm so much later, until "clear"
  confirm-drop --count N   store N deliveries, but drop the connection instead of confirming
  confirm-lose --count N   store N deliveries, but never answer them; the connection stays
  detach                   detach every link once
  drop                     drop every connection once
  expire                   let every token expire now
  clear                    end what lasts
`;

const QUOTA_EXCEEDED = {
  condition: "amqp:resource-limit-exceeded",
  description: "The quota of this namespace is used up.",
};

const TIMED_OUT = {
  condition: "com.microsoft:timeout",
  description: "The operation did not complete within the allocated time.",
};

interface FaultValues {
  durationMs: number | undefined;
  partition: number | undefined;
  count: number | undefined;
  delayMs: number | undefined;
}

/** Lets the fault happen; answers what it lacks, if something. */
type Fault = (hub: Hub, values: FaultValues) => string | undefined;

function plain(run: (hub: Hub) => void): Fault {
  return (hub) => {
    run(hub);
    return undefined;
  };
}

const FAULTS: ReadonlyMap<string, Fault> = new Map([
  ["detach", plain((hub) => hub.detachLinks())],
  ["drop", plain((hub) => hub.dropConnections())],
  ["expire", plain((hub) => hub.expireTokens())],
  ["clear", plain((hub) => hub.faults.clear())],
  ["quota", plain((hub) => hub.faults.refuseSends(QUOTA_EXCEEDED))],
  ["time-out", plain((hub) => hub.faults.refuseSends(TIMED_OUT))],
  [
    "throttle",
    (hub, { durationMs, delayMs }) => {
      if (durationMs === undefined) return "throttle needs --for, such as 10s";
      hub.faults.throttle(durationMs, delayMs);
      return undefined;
    },
  ],
  [
    "delay",
    (hub, { durationMs }) => {
      if (durationMs === undefined) return "delay needs --for, such as 200ms";
      hub.faults.confirmationDelayMs = durationMs;
      return undefined;
    },
  ],
  [
    "refuse",
    (hub, { partition }) => {
      if (partition === undefined) return "refuse needs --partition";
      hub.faults.refusePartition(partition);
      return undefined;
    },
  ],
  [
    "confirm-lose",
    (hub, { count }) => {
      hub.faults.loseConfirmations(count ?? 1);
      return undefined;
    },
  ],
  [
    "confirm-drop",
    (hub, { count }) => {
      hub.faults.confirmThenDrop(count ?? 1);
      return undefined;
    },
  ],
]);

/** Lets the fault happen; gives what is wrong with the request, if something is. */
export function applyFault(hub: Hub, name: string, values: URLSearchParams): string | undefined {
  const fault = FAULTS.get(name);
  if (!fault) return `There is no fault "${name}".\n${FAULT_HELP}`;
  return fault(hub, {
    durationMs: parseDurationMs(values.get("for") ?? ""),
    partition: wholeNumber(values.get("partition")),
    count: wholeNumber(values.get("count")),
    delayMs: parseDurationMs(values.get("delay") ?? ""),
  });
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}
