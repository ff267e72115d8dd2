/**
 * Text of others, made fit to stand in a header, a log or a table: on one line, without control
 * characters and marks that turn the writing direction, and no longer than it may be.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const UNFIT = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]+/gu;

export function oneLine(text: string, charactersMax: number): string {
  // What is cut off anyway need not be looked through.
  const start = text.slice(0, charactersMax * 2).toWellFormed();
  const plain = start.replaceAll(UNFIT, " ").trim();
  return plain.length <= charactersMax ? plain : `${cutAt(plain, charactersMax - 1).trimEnd()}…`;
}

/** Not through the middle of a character of two units. */
function cutAt(text: string, length: number): string {
  const isSplit = /[\uD800-\uDBFF]/.test(text.charAt(length - 1));
  return text.slice(0, isSplit ? length - 1 : length);
}
