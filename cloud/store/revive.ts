/** Dead letters that can be read by now are taken in like events that come late. */
import type { AcceptPlan } from "./accept-plan.ts";
import type { PartitionBatch, RevivedEvent, ReviveOutcome } from "./contract.ts";

/** As backlog: it moves no watermark. Whoever owned the partition plays no part any more. */
export function parkedBatch({ parked, content }: RevivedEvent): PartitionBatch {
  const { scope, partition, position, enqueuedAtMs, body } = parked;
  const delivery = { position, enqueuedAtMs, body, content, isBacklog: true };
  return { scope, partition, owner: "", deliveries: [delivery] };
}

/** Once the plan is written. */
export function reviveOutcome(
  plan: AcceptPlan,
  batch: PartitionBatch,
  { id, code }: RevivedEvent["parked"],
): ReviveOutcome {
  const [outcome] = plan.outcomes([batch]);
  const isGone = !plan.deadLetters.some((letter) => letter.batch === batch && letter.code === code);
  if (outcome?.kind !== "committed") throw new TypeError("a dead letter was refused");
  const { accepted, duplicateChunks } = outcome;
  return { id, accepted: accepted.length, duplicateChunks, isGone };
}
