/** The YAML blocks of the documentation, made whole so that they can be loaded. */
import { parse, stringify } from "yaml";
import { isMapping, mappingOf } from "#config/yaml/raw.ts";

export interface YamlBlock {
  /** What follows `yaml` on the fence: the section that the block stands in. */
  section: string;
  text: string;
  line: number;
}

export function yamlBlocks(page: string): YamlBlock[] {
  return [...page.matchAll(/^```yaml(?: (\w+))?\n(.*?)^```$/gms)].map((match) => ({
    section: match[1] ?? "",
    text: match[2] ?? "",
    line: page.slice(0, match.index).split("\n").length,
  }));
}

/** `!secret NAME` reads as text here; what it is replaced by is not this test's affair. */
const TAGS = { customTags: [{ tag: "!secret", resolve: (name: string) => name }] };

export type KindOfFile = "gateway" | "sink" | "template";

export function kindOf({ text, section }: YamlBlock): KindOfFile {
  const keys = Object.keys(mappingOf(parse(text, TAGS)));
  if (keys.includes("title")) return "template";
  return section === "" && (keys.includes("store") || keys.includes("source")) ? "sink" : "gateway";
}

const SINK = `version: 1
source: { connectionString: "Endpoint=sb://hub/", hub: telemetry }
store: { sqlite: data }
`;

/** With the sections that the page leaves out, at its end: lines stay where they are. */
export function wholeFile(block: YamlBlock): string {
  const indented =
    block.section === ""
      ? block.text
      : `${block.section}:\n${block.text.replaceAll(/^/gm, "  ").trimEnd()}\n`;
  const given = mappingOf(parse(indented, TAGS));
  const missing = kindOf(block) === "sink" ? parse(SINK) : gatewayParts(given);
  const added = Object.entries(mappingOf(missing)).filter(([key]) => !(key in given));
  return added.length === 0 ? indented : `${indented}\n${stringify(Object.fromEntries(added))}`;
}

/** Buses that are named and not described are Modbus TCP. */
function gatewayParts(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const devices = Object.values(mappingOf(given["devices"])).filter(isMapping);
  const names = devices.flatMap(({ bus }) => (typeof bus === "string" ? [bus] : []));
  const buses = Object.fromEntries(
    names.map((name) => [name, { modbus: "tcp", host: "10.0.0.1" }]),
  );
  return { version: 1, gateway: "docs", ...(names.length > 0 && { buses }) };
}
