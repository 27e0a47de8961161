/** A token's own words, such as a label: nothing in them may break or turn round the line that is read aloud, or keep it off the record. */

/** `text` with a question mark in place of each control, format or separator character and each half of a surrogate pair. */
export function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '?');
}
