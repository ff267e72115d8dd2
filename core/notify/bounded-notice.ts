/** A notice without anything that could harm or overfill what it is written into. Pure. */
import type { Notice } from "../alarms/contract.ts";
import { oneLine } from "./one-line.ts";

const NAME_MAX = 128;
const TITLE_MAX = 300;
const TEXT_MAX = 1000;
const RELATED_MAX = 10;
const MEMBERS_MAX = 50;

export function boundedNotice(notice: Notice): Notice {
  const { site, unit, action, runbook, acknowledge, related, members } = notice;
  return {
    ...notice,
    title: oneLine(notice.title, TITLE_MAX),
    gateway: oneLine(notice.gateway, NAME_MAX),
    device: oneLine(notice.device, NAME_MAX),
    tag: oneLine(notice.tag, NAME_MAX),
    rule: oneLine(notice.rule, NAME_MAX),
    message: oneLine(notice.message, TEXT_MAX),
    ...(site !== undefined && { site: oneLine(site, NAME_MAX) }),
    ...(unit !== undefined && { unit: oneLine(unit, NAME_MAX) }),
    ...(action !== undefined && { action: oneLine(action, TEXT_MAX) }),
    ...(runbook !== undefined && { runbook: oneLine(runbook, TEXT_MAX) }),
    ...(acknowledge !== undefined && { acknowledge: oneLine(acknowledge, TEXT_MAX) }),
    ...(members && {
      members: members.slice(0, MEMBERS_MAX).map((key) => oneLine(key, TITLE_MAX)),
    }),
    ...(related && { related: related.slice(0, RELATED_MAX).map(boundedTag) }),
  };
}

type RelatedTag = NonNullable<Notice["related"]>[number];

function boundedTag({ tag, value, unit }: RelatedTag): RelatedTag {
  return {
    tag: oneLine(tag, NAME_MAX),
    value: oneLine(value, NAME_MAX),
    ...(unit !== undefined && { unit: oneLine(unit, NAME_MAX) }),
  };
}
