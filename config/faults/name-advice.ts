/** A name that may stand in the file, made of one that may not. */
const GERMAN: Readonly<Record<string, string>> = {
  ä: "ae",
  ö: "oe",
  ü: "ue",
  Ä: "Ae",
  Ö: "Oe",
  Ü: "Ue",
  ß: "ss",
};

export function adviceForName(name: string): string | undefined {
  const plain = name
    .replaceAll(/[äöüÄÖÜß]/g, (letter) => GERMAN[letter] ?? letter)
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replaceAll(/^[^A-Za-z0-9]+|-+$/g, "")
    .slice(0, 64);
  return plain === "" ? undefined : `write it like this: ${plain}`;
}
