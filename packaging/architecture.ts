/** What a machine is called by Debian, and by npm. */
export const ARCHITECTURES = ["amd64", "arm64"] as const;

export type Architecture = (typeof ARCHITECTURES)[number];

export function isArchitecture(text: string): text is Architecture {
  return (ARCHITECTURES as readonly string[]).includes(text);
}

export function npmCpu(architecture: Architecture): string {
  return architecture === "amd64" ? "x64" : "arm64";
}
