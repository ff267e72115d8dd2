/** What is made of the schemas: JSON Schema for editors, and a page for people. */
import { z } from "zod";
import { webhookBody } from "#core/notify/webhook-body.ts";
import { gatewaySchema } from "./gateway.ts";
import { type JsonSchema, keyTable } from "./key-table.ts";
import { sinkSchema } from "./sink.ts";

export interface GeneratedFile {
  /** From the project's root. */
  readonly path: string;
  readonly text: string;
}

export function generatedFiles(): GeneratedFile[] {
  const gateway = jsonSchemaOf(gatewaySchema, "Penstock gateway");
  const sink = jsonSchemaOf(sinkSchema, "Penstock sink");
  const webhook = { title: "Penstock notice", ...z.toJSONSchema(webhookBody) };
  return [
    { path: "config/schema/webhook.schema.json", text: jsonText(webhook) },
    { path: "config/schema/gateway.schema.json", text: jsonText(gateway) },
    { path: "config/schema/sink.schema.json", text: jsonText(sink) },
    { path: "docs/configuration.md", text: page(gateway, sink) },
  ];
}

function jsonSchemaOf(schema: z.ZodType, title: string): JsonSchema {
  return { title, ...z.toJSONSchema(schema, { io: "input" }) };
}

function jsonText(schema: JsonSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function page(gateway: JsonSchema, sink: JsonSchema): string {
  return `# Configuration

<!-- Generated from config/gateway.ts and config/sink.ts by "node config/generate.ts": edit those. -->

One YAML file for a gateway, one for a sink. Begin with the commented examples,
[gateway.yaml](../config/examples/gateway.yaml) and [sink.yaml](../config/examples/sink.yaml). Check a
gateway's file before it is used; nothing is started, and every fault is told with line, cause and fix:

\`\`\`sh
npm run -s agent -- check my-gateway.yaml
\`\`\`

**Units** stand in the value. Durations: \`ms\`, \`s\`, \`m\`, \`h\`, \`d\`. Sizes: \`B\`, \`KiB\`, \`MiB\`, \`GiB\`,
\`TiB\`, and the decimal \`kB\`, \`MB\`, \`GB\`, \`TB\`.

**Secrets** stand in the file by name, as \`key: !secret event-hubs\`. The value is the content of the file
\`event-hubs\` in systemd's credentials directory (\`$CREDENTIALS_DIRECTORY\`), else the line \`event-hubs: …\` of
\`secrets.yaml\` beside the configuration (refused where everybody may read it), else the environment variable
\`PENSTOCK_SECRET_EVENT_HUBS\`. A value \`"\${NAME:?what to do}"\` is that environment variable. What is missing or
empty is a fault in the file.

**Several files**: \`conf.d/*.yaml\` beside the gateway's file belong to it, in alphabetical order. Buses and devices may be
spread over them; every other section stands in one file. An id that is given twice is a fault that names both places.

**Changes** of a running gateway's files are taken over within two seconds, or at SIGHUP: only what differs starts anew. A
file with faults leaves the last good one running, as an alarm, on the page and in \`penstock status\`.
\`penstock config diff\` tells beforehand what would change, \`penstock config show --effective\` where each value comes from.

**YAML** is read as version 1.2, one document a file, UTF-8. Anchors, aliases, merge keys and other tags are
refused, and so are unknown keys, keys given twice, and numbers with a leading zero.

**Editors** that know the YAML language server complete and check a file that begins with a line such as
\`# yaml-language-server: $schema=config/schema/gateway.schema.json\`.

In the tables \`NAME\` is a name of yours: 1 to 64 letters, digits, dots, dashes or underscores. A key without a
default is needed where its section is used, unless it is called optional.

## The gateway's file

${keyTable(gateway)}

Beyond the single keys: a device's bus exists; a tag of a Modbus device has exactly one of \`register\`, \`coil\` and
\`discrete\`; no two devices share bus and unit; a serial port belongs to one bus, and a serial line has one device;
\`ll\` < \`l\` < \`h\` < \`hh\`; no two servers listen on one port; a topic names its device, or the rule does.

## The sink's file

${keyTable(sink)}
`;
}
