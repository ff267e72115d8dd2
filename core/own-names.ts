/**
 * Names that Penstock gives itself: its own alarms stand under them, in place of a gateway, a device
 * or a tag. Nothing in a plant is called so, for two alarms of one name would be taken for one: the
 * YAML does not take them, the gateway takes no reading under them, and the sink no gateway.
 */

/** In place of a gateway, and of a device: the sink itself. */
export const SINK = "(sink)";
/** Of the sink: its watch over the data's path. */
export const PIPELINE_DEVICE = "(pipeline)";
/** In place of a device: the gateway itself. */
export const GATEWAY_DEVICE = "(gateway)";
/** Of the gateway: what the sink says of all that comes from it. */
export const STREAM_TAG = "(stream)";
/** In place of a tag: the device as a whole. */
export const DEVICE_TAG = "(device)";
/** In place of a tag: several of the device's, watched together. */
export const GROUP_TAG = "(group)";

const GATEWAYS: ReadonlySet<string> = new Set([SINK]);
const DEVICES: ReadonlySet<string> = new Set([GATEWAY_DEVICE, SINK, PIPELINE_DEVICE]);
const TAGS: ReadonlySet<string> = new Set([DEVICE_TAG, GROUP_TAG]);

export function isOwnGateway(name: string): boolean {
  return GATEWAYS.has(name);
}

export function isOwnDevice(name: string): boolean {
  return DEVICES.has(name);
}

export function isOwnTag(name: string): boolean {
  return TAGS.has(name);
}

/** Whatever it would be a name of. */
export function isOwnName(name: string): boolean {
  return isOwnGateway(name) || isOwnDevice(name) || isOwnTag(name);
}
