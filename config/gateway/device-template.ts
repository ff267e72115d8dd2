/**
 * A device template: what is known of a kind of device, so that a technician names it instead of
 * copying its registers. It says where each register is from, and who has confirmed it.
 */
import { z } from "zod";
import { name } from "../plain-keys.ts";
import { device } from "./device.ts";
import { tag } from "./tag.ts";

const source = z.string().min(1).max(200);

/** How sure the registers are, the surest first. */
const verified = z.enum(["device", "two-sources", "driver", "page", "unverified"]);

/** What a scan reads to recognise the device: a register and what is found in it. */
const mark = tag
  .pick({ register: true, type: true, length: true, order: true, scale: true, offset: true })
  .required({ register: true })
  .extend({
    equals: z
      .union([z.number(), z.string().max(64)])
      .optional()
      .describe("The one value it has."),
    range: z.tuple([z.number(), z.number()]).optional().describe("From and to, both included."),
  });

export type TemplateMark = z.infer<typeof mark>;

const templateTag = tag.extend({
  source: source.optional().describe("Where this register is from, if not from the template's."),
  verified: verified.optional().describe("Who has confirmed it, if not as for the template."),
});

export const templateSchema = z.strictObject({
  version: z.literal(1).describe("Of the file's shape: 1."),
  title: z.string().min(1).max(100).describe("What it is: maker, series, kind of device."),
  source: source.describe("Where the registers are from."),
  verified: verified.describe(
    "`device`: read on one. `two-sources`: two independent lists agree. `driver`: from a program that " +
      "reads such devices. `page`: from one manual or page. `unverified`: compare before you trust it.",
  ),
  ...device.pick({ timeout: true, pause: true }).shape,
  maxRegisters: device.shape.maxRegisters.optional(),
  identify: z
    .array(mark)
    .max(8)
    .default([])
    .describe("By what a scan recognises the device: all of them must fit."),
  tags: z.record(name, templateTag).describe("Its tags, as in the gateway's file."),
});

export type TemplateSettings = z.infer<typeof templateSchema>;
