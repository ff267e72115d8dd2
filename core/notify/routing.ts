/** Which notices go to whom. Pure. */
import type { AlarmPriority } from "../alarm.ts";
import type { AlarmState, Notice, OutboxEntry } from "../alarms/contract.ts";
import { matchesAnyGlob } from "../alarms/glob.ts";
import { rankOf } from "../alarms/priority.ts";
import { isOfOwnChannel } from "./failing-alarm.ts";
import { isOfSeveral } from "./notice-id.ts";
import { toldAtMs } from "./quiet-hours.ts";
import { addressOf, isMirrored, type Recipient } from "./recipient.ts";

/** So many members of a notice are named; its `count` tells of all. */
const MEMBERS_MAX = 50;

/**
 * To be written with what the notices tell of, and offered to the outbox afterwards.
 * @param device `GATEWAY_DEVICE` or `SINK`: whose recipients these are
 */
export function entriesFor(
  notices: readonly Notice[],
  recipients: readonly Recipient[],
  device: string,
  nowMs: number,
): OutboxEntry[] {
  return notices.flatMap((notice) => {
    const isOfFailure = isOfOwnChannel(notice, device);
    return recipients.flatMap((recipient) => {
      const addresses = addressesOf(recipient);
      const wanted = isOfFailure
        ? addresses.filter((address) => hearsOfFailure(recipient, address, notice.tag, recipients))
        : addresses.filter(() => isFor(recipient, notice));
      // That somebody cannot be reached at night is known before the morning.
      const quiet = isOfFailure ? undefined : recipient.quiet;
      const dueAt = toldAtMs(quiet, notice.priority, nowMs);
      const told = wanted.length > 0 ? withMembersOf(recipient, notice) : notice;
      return wanted.map((address) => entryFor(told, address, dueAt));
    });
  });
}

export function entryFor(notice: Notice, address: string, dueAt: number): OutboxEntry {
  return { id: `${notice.id} ${address}`, recipient: address, notice, attempts: 0, dueAt };
}

/** Of the channels that carry messages. */
function addressesOf(recipient: Recipient): string[] {
  const carried = recipient.channels.filter((channel) => !isMirrored(channel));
  return carried.map(({ kind }) => addressOf(recipient, kind));
}

/**
 * Of a channel that fails its recipient's others hear, and the backup; without one, everybody. Never
 * the channel itself: what it cannot deliver would feed it.
 */
function hearsOfFailure(
  recipient: Recipient,
  address: string,
  failing: string,
  recipients: readonly Recipient[],
): boolean {
  if (address === failing) return false;
  const owner = recipients.find((other) =>
    other.channels.some(({ kind }) => addressOf(other, kind) === failing),
  );
  if (owner === recipient || owner?.backup === undefined) return true;
  return owner.backup === recipient.name;
}

function isFor(recipient: Recipient, notice: Notice): boolean {
  const { gateway, device, priority, members } = notice;
  if (!isUrgentEnough(recipient, priority)) return false;
  if (isOfDevice(recipient, gateway, device)) return true;
  if (!isOfSeveral(notice)) return false;
  // How a group ended concerns whoever heard of it, and its end names one of its members only.
  if (!members) return true;
  return members.some((key) => isOfDevice(recipient, gateway, deviceIn(key)));
}

/** Of thousands those are named that concern the recipient. */
function withMembersOf(recipient: Recipient, notice: Notice): Notice {
  const { gateway, members } = notice;
  if (!members || members.length <= MEMBERS_MAX) return notice;
  const own = members.filter((key) => isOfDevice(recipient, gateway, deviceIn(key)));
  return { ...notice, members: (own.length > 0 ? own : members).slice(0, MEMBERS_MAX) };
}

/** Whether a mirror of this recipient shows it. */
export function isShownTo(recipient: Recipient, state: AlarmState, gateway: string): boolean {
  const { priority, device } = state.raised;
  return isUrgentEnough(recipient, priority) && isOfDevice(recipient, gateway, device);
}

/** It stands, people know of it, and nothing holds it back. */
export function isStanding(state: AlarmState): boolean {
  const { isActive, isNotified, isLatched, shelved, outOfService, suppressedBy } = state;
  if (shelved || outOfService || suppressedBy !== undefined) return false;
  return isActive ? isNotified : isLatched;
}

function isUrgentEnough({ minPriority }: Recipient, priority: AlarmPriority): boolean {
  return rankOf(priority) >= rankOf(minPriority);
}

function isOfDevice({ devices }: Recipient, gateway: string, device: string): boolean {
  if (devices.length === 0) return true;
  return matchesAnyGlob(devices, device) || matchesAnyGlob(devices, `${gateway}/${device}`);
}

/** A key ends with device, tag and rule, each without slashes of its own. */
function deviceIn(key: string): string {
  const device = key.split("/").at(-3) ?? "";
  return device.replaceAll("%2F", "/").replaceAll("%25", "%");
}
