/** Each setting that holds, with where it comes from: a line of a file, a template, or the default. */
import { isScalar } from "yaml";
import { type FlatSetting, flatSettings, pathText } from "#config/loading/flat-settings.ts";
import type { LoadedGateway } from "#config/loading/load-config.ts";
import type { TemplateShelf } from "#config/loading/template-shelf.ts";
import type { Path } from "#config/yaml/yaml-tree.ts";
import { TemplateLines } from "./template-lines.ts";

export interface EffectiveSetting {
  readonly path: string;
  /** As it is written, where it is. */
  readonly value: string;
  /** `FILE:LINE`, or `default`. */
  readonly from: string;
}

export function effectiveSettings(loaded: LoadedGateway, shelf: TemplateShelf): EffectiveSetting[] {
  const { settings, tree, secrets } = loaded;
  const templates = new TemplateLines(shelf);
  const isWritten = (path: Path): boolean => path.length > 0 && isScalar(tree.nodeAt(path));
  return flatSettings(settings, secrets, isWritten).map((setting) => {
    const written = tree.nodeAt(setting.path);
    const place = tree.whereIs(setting.path);
    const value = isScalar(written) && setting.isWhole ? (written.source ?? "") : setting.text;
    const from = place ? `${place.file}:${place.line}` : (fromTemplate(setting) ?? "default");
    return { path: pathText(setting.path), value: place ? value : setting.text, from };
  });

  function fromTemplate({ path }: FlatSetting): string | undefined {
    const [section, name] = path;
    if (section !== "devices" || typeof name !== "string") return undefined;
    const template = settings.devices[name]?.template;
    return template === undefined ? undefined : templates.placeOf(template, path.slice(2));
  }
}
