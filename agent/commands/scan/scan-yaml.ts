/** What a scan found, as a piece of a gateway's file. Pure. */
export interface FoundUnit {
  readonly unit: number;
  /** Names of templates whose marks fit. */
  readonly templates: readonly string[];
}

export interface FoundBus {
  readonly name: string;
  /** The bus's settings in the order in which they are to be written. */
  readonly settings: Readonly<Record<string, string | number>>;
  readonly units: readonly FoundUnit[];
}

export function scanYaml({ name, settings, units }: FoundBus): string {
  const bus = Object.entries(settings).map(([key, value]) => `${key}: ${value}`);
  return `${["buses:", `  ${name}: { ${bus.join(", ")} }`, "devices:", ...units.flatMap((unit) => deviceLines(name, unit))].join("\n")}\n`;
}

function deviceLines(bus: string, { unit, templates }: FoundUnit): string[] {
  const [first, ...others] = templates;
  if (first !== undefined) {
    const also = others.length === 0 ? "" : ` # or ${others.join(", or ")}`;
    return [`  unit-${unit}: { bus: ${bus}, unit: ${unit}, template: ${first} }${also}`];
  }
  return [
    `  unit-${unit}: # No template fits: see its manual, and \`penstock probe unit-${unit} 40001\`.`,
    `    bus: ${bus}`,
    `    unit: ${unit}`,
    "    tags:",
    "      first: { register: 40001 }",
  ];
}
