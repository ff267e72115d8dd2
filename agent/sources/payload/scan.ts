/**
 * One pass over JSON text before the real parser sees it, for what that one does not tell: how deep
 * it nests, and how many members it writes down (duplicate keys vanish in the parsed object).
 */
import { PenstockError } from "#core/errors.ts";

const DEPTH_MAX = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Counts the colons outside of strings: the members of all objects, if the text is JSON at all.
 * @throws PenstockError PAYLOAD_MALFORMED: nested deeper than DEPTH_MAX
 */
export function countMembers(text: string): number {
  let members = 0;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE:
        i = endOfString(text, i);
        break;
      case COLON:
        members += 1;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth += 1;
        if (depth > DEPTH_MAX) {
          throw new PenstockError("PAYLOAD_MALFORMED", `nested deeper than ${DEPTH_MAX} levels`);
        }
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth -= 1;
        break;
      default:
    }
  }
  return members;
}

/** Place of the closing quote of the string that begins at `start`; the text's end without one. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) return i;
    if (code === BACKSLASH) i += 1;
  }
  return text.length;
}

/** What takes the place of NaN: valid JSON that parses to Infinity, which no sensor means either. */
const NOT_FINITE = "1e999";
const LITERAL = /-?(?:NaN|Infinity)/y;

/**
 * Python, JavaScript and others write NaN and Infinity bare, which is no JSON. Undefined where the
 * text has none of them outside of strings.
 */
export function withoutBareNaN(text: string): string | undefined {
  if (!/NaN|Infinity/.test(text)) return undefined;
  let result = "";
  let copiedTo = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfString(text, i);
      continue;
    }
    LITERAL.lastIndex = i;
    const literal = LITERAL.exec(text)?.[0];
    if (literal === undefined) continue;
    result += text.slice(copiedTo, i) + NOT_FINITE;
    copiedTo = i + literal.length;
    i = copiedTo - 1;
  }
  return copiedTo === 0 ? undefined : result + text.slice(copiedTo);
}
