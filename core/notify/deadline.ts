/** A limit to how long another's answer is waited for. */
import type { Clock } from "../clock.ts";
import { isAbort } from "../errors.ts";
import { DeliveryFailed } from "./contract.ts";

/**
 * Runs `work` with a signal that fires with the given one, or when the time is over.
 * @throws DeliveryFailed when the time is over
 */
export async function withDeadline<T>(
  clock: Clock,
  name: string,
  timeoutMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = clock.after(name, timeoutMs, () => late.abort());
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } catch (error) {
    if (!late.signal.aborted || signal.aborted || !isAbort(error)) throw error;
    const message = `no answer within ${Math.round(timeoutMs / 1000)} s`;
    throw new DeliveryFailed(message, { isTransient: true, cause: error });
  } finally {
    timer.cancel();
  }
}
