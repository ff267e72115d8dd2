/**
 * The schema's reading of a gateway's data that are in order. Nearly all of them are tags: those are
 * read by a compiled schema; and the tags of one template, which a thousand devices may have, are read
 * once, and the devices share what comes of them.
 */
import { z } from "zod";
import { device } from "../gateway/device.ts";
import { type GatewaySettings, gatewaySchema } from "../gateway.ts";
import { isMapping, mappingOf, type RawMapping } from "../yaml/raw.ts";

type Tags = GatewaySettings["devices"][string]["tags"];

/** Undefined where the data have faults. */
export function parseGateway(data: unknown): GatewaySettings | undefined {
  const file = mappingOf(data);
  const devices = file["devices"];
  if (!isMapping(devices)) return gatewaySchema.safeParse(data).data;
  const parsed = gatewaySchema.safeParse({ ...file, devices: withoutTags(devices) });
  if (!parsed.success) return undefined;
  const schema = z.compile(device.shape.tags);
  const read = new Map<RawMapping, Tags>();
  for (const [name, settings] of Object.entries(parsed.data.devices)) {
    const tags = tagsOf(devices[name]);
    if (!tags) continue;
    const known = read.get(tags) ?? schema.safeParse(tags).data;
    if (!known) return undefined;
    read.set(tags, known);
    settings.tags = known;
  }
  return parsed.data;
}

function withoutTags(devices: RawMapping): RawMapping {
  const bare = Object.entries(devices).map(([name, settings]) => [
    name,
    tagsOf(settings) ? { ...mappingOf(settings), tags: {} } : settings,
  ]);
  return Object.fromEntries(bare);
}

/** Undefined where there are none, or they are no mapping, of which the schema shall complain. */
function tagsOf(settings: unknown): RawMapping | undefined {
  const { tags } = mappingOf(settings);
  return isMapping(tags) ? tags : undefined;
}
