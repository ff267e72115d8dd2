import type { LedgerWriter, SentMessage } from "#sim/ledger/contract.ts";

/** Remembers, and checks what the contract says about order. */
export class CountingLedger implements LedgerWriter {
  readonly sentMessages: SentMessage[] = [];
  readonly acknowledgedMessages = new Set<SentMessage>();
  readonly servedReadings = new Map<string, number>();

  sent(message: SentMessage): void {
    this.sentMessages.push(message);
  }

  acknowledged(message: SentMessage): void {
    if (!this.sentMessages.includes(message)) throw new Error("acknowledged before it was sent");
    if (this.acknowledgedMessages.has(message)) throw new Error("acknowledged twice");
    this.acknowledgedMessages.add(message);
  }

  served(device: string, readings: number): void {
    this.servedReadings.set(device, (this.servedReadings.get(device) ?? 0) + readings);
  }
}
