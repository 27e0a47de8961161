/** Bounds what a window sent before anything looks into it. */

/** What one value costs besides its text, in bytes: roughly what the structured clone of a number takes. */
const COST = 8;

/**
 * Whether a value is plain data (text, numbers, booleans, null, undefined, arrays, objects without a class) and no larger
 * than a bound. Arrays count by their length, so that one with four thousand million holes in it is too large; what
 * refers to itself is too large, too.
 *
 * @param limit in bytes, roughly: two for each UTF-16 code unit of text and names, 8 for each value
 */
export function isPlainDataWithin(value: unknown, limit: number): boolean {
  let left = limit;
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    left -= COST;
    if (typeof next === 'string') left -= 2 * next.length;
    else if (Array.isArray(next)) left -= COST * next.length;
    else if (typeof next === 'object' && next !== null) {
      if (Object.getPrototypeOf(next) !== Object.prototype) return false;
    } else if (!isSimple(next)) return false;
    if (left < 0) return false;
    if (typeof next !== 'object' || next === null) continue;
    // An array's own names are its indices, and whatever else was hung onto it.
    for (const [name, inner] of Object.entries(next)) {
      left -= 2 * name.length;
      if (name === '__proto__' || left < 0) return false;
      waiting.push(inner);
    }
  }
  return true;
}

function isSimple(value: unknown): boolean {
  return value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean';
}
