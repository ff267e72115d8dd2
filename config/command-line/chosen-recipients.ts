/** Which recipients a command means, and how telling them went. */

import type { TestOutcome } from "#core/notify/notifications.ts";
import type { Recipient } from "#core/notify/recipient.ts";
import { nearest } from "../faults/nearest.ts";
import { Misuse } from "./command.ts";
import { textTable } from "./text-table.ts";

/** @throws Misuse where nobody is meant */
export function chosenRecipients(
  recipients: readonly Recipient[],
  name: string | undefined,
  all: boolean,
): readonly Recipient[] {
  const names = recipients.map((recipient) => recipient.name);
  if (names.length === 0) {
    throw new Misuse('Nobody is told of alarms: the file has no recipient below "alarms".');
  }
  if ((name === undefined) !== all) {
    throw new Misuse(`Who is to be told? Name one of ${names.join(", ")}, or give --all.`);
  }
  if (name === undefined) return recipients;
  const chosen = recipients.filter((recipient) => recipient.name === name);
  if (chosen.length > 0) return chosen;
  const near = nearest(name, names);
  const advice = near === undefined ? `There are: ${names.join(", ")}.` : `Did you mean "${near}"?`;
  throw new Misuse(`There is no recipient "${name}" in the file. ${advice}`);
}

export function outcomeTable(outcomes: readonly TestOutcome[]): string {
  return textTable(
    ["way", "outcome"],
    outcomes.map(({ address, error }) => [address, error === null ? "told" : `failed: ${error}`]),
  );
}
