/** Asks whichever sink keeps the alarms for an operation, through the database that both have. */
import type { AlarmOperation } from "#core/alarms/contract.ts";
import type { Clock } from "#core/clock.ts";
import { PenstockError } from "#core/errors.ts";
import type { AlarmAccess } from "../store/desk-contract.ts";

const LOOK_EVERY_MS = 100;
/** Longer than another sink needs to go on with the work of one that died. */
const PATIENCE_MS = 15_000;

/**
 * Resolves when it is done.
 * @throws PenstockError ALARM_UNKNOWN, ALARM_REFUSED, CONTROL_ABSENT, STORE_FAILED
 */
export async function askDesk(
  access: AlarmAccess,
  operation: AlarmOperation,
  clock: Clock,
): Promise<void> {
  const id = await access.ask(operation);
  try {
    const endMs = clock.monotonic() + PATIENCE_MS;
    while (clock.monotonic() < endMs) {
      const answer = await access.answerOf(id);
      if (answer?.kind === "done") return;
      if (answer) throw new PenstockError(answer.code, answer.error);
      await clock.sleep(LOOK_EVERY_MS, { name: "answer of the desk" });
    }
  } finally {
    await access.withdraw(id);
  }
  const message = "no sink has done it: is one running on this database?";
  throw new PenstockError("CONTROL_ABSENT", message);
}
