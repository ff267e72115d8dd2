/**
 * `$management`: READ of a hub's and a partition's properties
 * (https://learn.microsoft.com/azure/event-hubs/event-hubs-amqp-management).
 */

import type { AccessKeys } from "../access/access-keys.ts";
import { covers, verifySasToken } from "../access/sas-token.ts";
import { stringArray, types } from "../amqp/codec.ts";
import type { EventHub } from "../event-hub.ts";
import type { LinkConnection } from "./link.ts";
import type { Answer, Request } from "./request-link.ts";

export interface ManagementOptions {
  connection: LinkConnection;
  keys: AccessKeys;
  now: () => number;
  findHub: (name: string) => EventHub | undefined;
}

const HUB_TYPE = "com.microsoft:eventhub";
const PARTITION_TYPE = "com.microsoft:partition";
/** 0001-01-01: what the service says of a partition that never held an event. */
const NEVER_MS = -62_135_596_800_000;

function failure(code: number, condition: string, description: string): Answer {
  return {
    application_properties: {
      "status-code": types.wrap_int(code),
      "status-description": description,
      "error-condition": types.wrap_symbol(condition),
      // Some clients look under these names, others under those above.
      statusCode: types.wrap_int(code),
      statusDescription: description,
      errorCondition: types.wrap_symbol(condition),
    },
  };
}

function success(body: object): Answer {
  const properties = { "status-code": types.wrap_int(200), "status-description": "OK" };
  return { application_properties: properties, body };
}

/** Answers one request on `$management`. */
export function answerManagement(options: ManagementOptions, request: Request): Answer {
  const { properties } = request;
  const name = textOf(properties["name"]);
  if (!isAllowed(options, name.toLowerCase(), textOf(properties["security_token"]))) {
    return failure(401, "amqp:unauthorized-access", "Unauthorized access to $management.");
  }
  const hub = options.findHub(name);
  if (!hub) {
    return failure(404, "amqp:not-found", `The messaging entity '${name}' could not be found.`);
  }
  if (properties["operation"] !== "READ") {
    return failure(501, "amqp:not-implemented", "Only READ is supported.");
  }
  const type = textOf(properties["type"]);
  if (type === HUB_TYPE) return success(hubProperties(hub));
  if (type === PARTITION_TYPE) return partitionAnswer(hub, textOf(properties["partition"]));
  return failure(400, "com.microsoft:argument-error", `The type '${type}' is not supported.`);
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function isAllowed(options: ManagementOptions, hubName: string, token: string): boolean {
  const { connection, keys, now } = options;
  if (connection.claims.allows(`${hubName}/$management`, "any", now())) return true;
  const verdict = verifySasToken(token, keys, now());
  return verdict.kind === "granted" && covers(verdict.grant.path, hubName);
}

function hubProperties(hub: EventHub): object {
  return {
    name: hub.name,
    type: HUB_TYPE,
    created_at: types.wrap_timestamp(hub.log.createdAtMs),
    partition_count: types.wrap_int(hub.partitions),
    partition_ids: stringArray(Array.from({ length: hub.partitions }, (_, id) => String(id))),
    georeplication_factor: types.wrap_int(1),
  };
}

function partitionAnswer(hub: EventHub, id: string): Answer {
  const partition = hub.partitionNamed(id);
  if (partition === undefined) {
    const description = `The specified partition is invalid. It should be between 0 and ${hub.partitions - 1}.`;
    return failure(400, "com.microsoft:argument-out-of-range", description);
  }
  const { nextSeq, lastOffset, lastTimeMs } = hub.log.partition(partition);
  const firstSeq = hub.log.firstSeq(partition);
  return success({
    name: hub.name,
    type: PARTITION_TYPE,
    partition: String(partition),
    begin_sequence_number: types.wrap_long(firstSeq),
    last_enqueued_sequence_number: types.wrap_long(nextSeq - 1),
    last_enqueued_offset: String(lastOffset),
    last_enqueued_time_utc: types.wrap_timestamp(nextSeq === 0 ? NEVER_MS : lastTimeMs),
    is_partition_empty: firstSeq === nextSeq,
  });
}
