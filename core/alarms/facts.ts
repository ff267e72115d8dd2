import type { AlarmTransition } from "../alarm.ts";
import type { Notice } from "./contract.ts";

/** Where a device stands. */
export interface AlarmSite {
  readonly site?: string | undefined;
  readonly line?: string | undefined;
  /** The bus that it hangs on. */
  readonly bus?: string | undefined;
}

/** What a person should do about an alarm. */
export interface AlarmAdvice {
  readonly action?: string | undefined;
  readonly runbook?: string | undefined;
}

/**
 * What the model must know of the plant. Asked whenever it is needed, so it may change; an empty
 * gateway is the agent's own.
 */
export interface AlarmFacts {
  /** How people call the gateway. */
  gatewayName(gateway: string): string;
  siteOf(gateway: string, device: string): AlarmSite;
  unitOf(gateway: string, device: string, tag: string): string | undefined;
  adviceOf(gateway: string, alarm: AlarmTransition): AlarmAdvice;
  /** The newest values of the device's other tags. */
  relatedTo(gateway: string, device: string, tag: string): NonNullable<Notice["related"]>;
  /** The command line that acknowledges an alarm by its key, or several by their group's id. */
  acknowledgeWith(which: string): string | undefined;
}
