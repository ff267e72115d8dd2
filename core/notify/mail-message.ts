/** A notice as a mail: plain text, and the same as simple HTML. Pure. */
import type { Notice } from "../alarms/contract.ts";
import { incidentId, noticeId } from "./notice-id.ts";
import type { MailChannel } from "./recipient.ts";
import { plainText, type Wording, wordingOf } from "./wording.ts";

export interface MailMessage {
  readonly from: string;
  readonly to: string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly messageId: string;
  readonly inReplyTo?: string;
  readonly references?: string[];
  readonly date: Date;
  readonly headers: Record<string, string>;
  readonly priority: "high" | "normal" | "low";
}

const IMPORTANCE = { critical: "high", high: "high", medium: "normal", low: "low" } as const;

/** @param notice bounded */
export function mailMessageOf(notice: Notice, { from, to }: MailChannel): MailMessage {
  const wording = wordingOf(notice);
  const host = hostOf(notice.gateway);
  const first = `<${incidentId(notice)}@${host}>`;
  // The first mail of an incident has its name, so that those that follow can refer to it.
  const isFirst = notice.kind === "raised" || notice.kind === "group" || notice.kind === "flood";
  return {
    from,
    to: [...to],
    subject: wording.subject,
    text: plainText(wording),
    html: htmlOf(wording),
    messageId: isFirst ? first : `<${noticeId(notice)}@${host}>`,
    ...(!isFirst && notice.kind !== "test" && { inReplyTo: first, references: [first] }),
    date: new Date(notice.at),
    headers: {
      "X-Penstock-Notice-Id": noticeId(notice),
      // RFC 3834: nobody's holiday notice is to answer.
      "Auto-Submitted": "auto-generated",
    },
    priority: IMPORTANCE[notice.priority],
  };
}

/** The right side of a Message-ID is a dot-atom (RFC 5322, section 3.6.4). */
function hostOf(gateway: string): string {
  const plain = gateway.replaceAll(/[^A-Za-z0-9-]+/g, "-").replaceAll(/^-+|-+$/g, "");
  return `${plain === "" ? "gateway" : plain}.penstock`;
}

function htmlOf({ subject, message, lines }: Wording): string {
  const rows = lines.map(
    ({ label, text }) =>
      `<tr><th align="left" valign="top">${escapeHtml(label)}</th><td>${linked(text)}</td></tr>`,
  );
  return [
    "<!DOCTYPE html>",
    '<html><head><meta charset="utf-8"></head><body>',
    `<h3>${escapeHtml(subject)}</h3>`,
    `<p>${escapeHtml(message)}</p>`,
    `<table cellpadding="4">${rows.join("")}</table>`,
    "</body></html>",
  ].join("\n");
}

/** A runbook's address can be followed; anything else is text. */
function linked(text: string): string {
  const shown = escapeHtml(text);
  const isLink = /^https?:\/\/\S+$/.test(text) && URL.canParse(text);
  return isLink ? `<a href="${shown}">${shown}</a>` : shown;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (letter) => ENTITIES[letter] ?? "");
}
