/** `sparkplug`: this gateway as a Sparkplug B host application. */
import { z } from "zod";
import { name } from "../plain-keys.ts";

const group = z.string().regex(/^(?:\+|[^/+#\0]{1,128})$/, {
  error: 'expected the name of a Sparkplug group, or "+" for all',
});

export const sparkplug = z.strictObject({
  hostId: name.describe("The host's name: nodes may wait for it as their primary host."),
  groups: z
    .array(group)
    .min(1)
    .default(["+"])
    .describe("Groups whose nodes are read; all, if left out."),
});

export type SparkplugSettings = z.infer<typeof sparkplug>;
