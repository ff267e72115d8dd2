/**
 * The schema's reading of a gateway's data, of which a thousand devices may have the tags of one
 * template: those are read once, and the devices share what comes of them.
 */

import { device } from "../gateway/device.ts";
import { type GatewaySettings, gatewaySchema } from "../gateway.ts";
import { isMapping, mappingOf, type RawMapping } from "../yaml/raw.ts";

/** Undefined where the data have faults. */
export function parseGateway(data: unknown): GatewaySettings | undefined {
  const file = mappingOf(data);
  const devices = file["devices"];
  if (!isMapping(devices)) return gatewaySchema.safeParse(data).data;
  const shared = sharedTags(devices);
  const bare = Object.entries(devices).map(([name, settings]) => {
    return [name, isSharer(settings, shared) ? { ...settings, tags: {} } : settings];
  });
  const parsed = gatewaySchema.safeParse({ ...file, devices: Object.fromEntries(bare) });
  if (!parsed.success) return undefined;
  for (const tags of shared) {
    const read = device.shape.tags.safeParse(tags);
    if (!read.success) return undefined;
    for (const [name, settings] of Object.entries(parsed.data.devices)) {
      if (mappingOf(devices[name])["tags"] === tags) settings.tags = read.data;
    }
  }
  return parsed.data;
}

/** The tags that several devices have: not alike, but the same. */
function sharedTags(devices: RawMapping): ReadonlySet<unknown> {
  const seen = new Set<unknown>();
  const shared = new Set<unknown>();
  for (const settings of Object.values(devices)) {
    const { tags } = mappingOf(settings);
    if (!isMapping(tags)) continue;
    if (seen.has(tags)) shared.add(tags);
    else seen.add(tags);
  }
  return shared;
}

function isSharer(settings: unknown, shared: ReadonlySet<unknown>): settings is RawMapping {
  return isMapping(settings) && shared.has(settings["tags"]);
}
