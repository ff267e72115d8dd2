/**
 * Times on the scale of a boot: what a gateway without a trustworthy clock stamps its readings with,
 * until it knows how far that scale is from the wall's. They are told from wall time by being below
 * zero: boot n counts its milliseconds from −n × 10¹³ (317 years) on, so that a time says by itself
 * which boot it belongs to, in every place that holds a time. They never leave the gateway.
 */
const BOOT_SPAN_MS = 1e13;

/** More would leave the range of a `Date`. */
export const BOOT_NUMBER_MAX = 800;

export interface BootTime {
  /** From 1 to `BOOT_NUMBER_MAX`. */
  boot: number;
  sinceBootMs: number;
}

export function encodeBootTime({ boot, sinceBootMs }: BootTime): number {
  return Math.trunc(sinceBootMs) - boot * BOOT_SPAN_MS;
}

export function isBootTime(ts: number): boolean {
  return ts < 0;
}

export function decodeBootTime(ts: number): BootTime {
  const boot = Math.ceil(-ts / BOOT_SPAN_MS);
  return { boot, sinceBootMs: ts + boot * BOOT_SPAN_MS };
}
