/**
 * What each source of readings is made of, out of the gateway's settings: a source whose basis is
 * the same need not be touched. Pure.
 */
import type { DeviceSettings } from "#config/gateway/device.ts";
import type { TagSettings } from "#config/gateway/tag.ts";
import type { GatewaySettings } from "#config/gateway.ts";

export type SourceKey =
  | { readonly kind: "broker" }
  | { readonly kind: "remote"; readonly name: string }
  | { readonly kind: "bus"; readonly name: string };

/** By which a source is known: `bus packer`. */
export function keyText(key: SourceKey): string {
  return key.kind === "broker" ? "broker" : `${key.kind} ${key.name}`;
}

export interface SourceBasis {
  readonly key: SourceKey;
  /** Equal texts, equal sources. */
  readonly basis: string;
}

/** In the order in which they are to be started. */
export function sourceBases(settings: GatewaySettings): SourceBasis[] {
  const { mqtt, buses } = settings;
  const { remotes = {}, broker, ...rest } = mqtt ?? {};
  const bases: [SourceKey, unknown][] = [
    ...(broker ? [[{ kind: "broker" }, { broker, ...rest }] satisfies [SourceKey, unknown]] : []),
    ...Object.entries(remotes).map(([name, remote]): [SourceKey, unknown] => [
      { kind: "remote", name },
      remote,
    ]),
    ...Object.entries(buses).map(([name, bus]): [SourceKey, unknown] => [
      { kind: "bus", name },
      { bus, devices: Object.entries(devicesOn(settings, name)).map(polledPart) },
    ]),
  ];
  return bases.map(([key, basis]) => ({ key, basis: JSON.stringify(basis) }));
}

/** The devices on a bus. */
export function devicesOn(settings: GatewaySettings, bus: string): GatewaySettings["devices"] {
  return Object.fromEntries(
    Object.entries(settings.devices).filter(([, device]) => device.bus === bus),
  );
}

/** Limits, detection and the place in the plant are the intake's affair: no bus is stopped for them. */
function polledPart([name, device]: [string, DeviceSettings]): unknown {
  const { detect: _detect, line: _line, tags, ...polled } = device;
  const read = Object.entries(tags).map(([tag, settings]) => [tag, readPart(settings)]);
  return [name, polled, read];
}

function readPart({ limits: _limits, ...read }: TagSettings): unknown {
  return read;
}
