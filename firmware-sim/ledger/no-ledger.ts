import type { LedgerWriter } from "./contract.ts";

/** Alone, the simulator keeps no ledger: its statistics say what was sent and acknowledged. */
export const noLedger: LedgerWriter = { sent() {}, acknowledged() {}, served() {} };
