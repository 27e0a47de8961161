/** Numbers as people read them. */

/** A count in groups of three digits, such as `1 000 000`. The spaces do not break. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, '\u00a0');
}

/** A length in bytes, such as `812 bytes` or `1 204 331 bytes`. */
export const bytesWords = (count: number): string => (count === 1 ? '1 byte' : `${grouped(count)} bytes`);
