/** Text of a bundle, as the auditor's screen may show it. */

/** Marks that reverse text or take no room, and control characters but line feed and tab. Joiners of letters stay. */
const UNSEEN = /(?![\n\t\u200c\u200d])[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Text of at most so many UTF-16 code units, an ellipsis at its end where more was there; unseen marks by their numbers. */
export function cutTo(text: string, most: number): string {
  // SECURITY(K-88): a mark that reverses what follows could make a line say the opposite of what was signed.
  const seen = text.slice(0, most + 1).replace(UNSEEN, (mark) => {
    const number = (mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return `[U+${number}]`;
  });
  return seen.length <= most ? seen : `${seen.slice(0, most - 1)}…`;
}
