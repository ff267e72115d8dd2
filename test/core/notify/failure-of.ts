import { DeliveryFailed } from "#core/notify/contract.ts";

/** How a delivery failed; it must have. */
export async function failureOf(delivering: Promise<void>): Promise<DeliveryFailed> {
  try {
    await delivering;
  } catch (error) {
    if (error instanceof DeliveryFailed) return error;
    throw error;
  }
  throw new Error("it was taken");
}
