/** DER as key files need it: definite lengths, one-byte tags. What is read is bounded by the file, which is. */
import { unusable } from './refused';

/** Tags of the elements that key files have. */
export const TAG = {
  integer: 0x02,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  /** `[0]`, constructed. */
  explicit0: 0xa0,
} as const;

/** One element. */
export interface DerElement {
  readonly tag: number;
  /** A view of what was read, not a copy. */
  readonly content: Buffer;
}

/**
 * The elements that stand one behind the other in `bytes`, to its end.
 *
 * @throws KeyFileRefused when they are not whole, or not DER
 */
export function derElements(bytes: Buffer): DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const element = elementAt(bytes, at);
    elements.push(element);
    at = element.content.byteOffset - bytes.byteOffset + element.content.length;
  }
  return elements;
}

/** The one element that `bytes` are. Throws KeyFileRefused when there is another number, or another tag. */
export function derElement(bytes: Buffer, tag: number): Buffer {
  const [element, ...others] = derElements(bytes);
  if (element?.tag !== tag || others.length > 0) throw notDer();
  return element.content;
}

/** Content of an element that must be there with this tag. Throws KeyFileRefused. */
export function contentOf(element: DerElement | undefined, tag: number): Buffer {
  if (element?.tag !== tag) throw notDer();
  return element.content;
}

/**
 * An object identifier as dotted numbers.
 *
 * @throws KeyFileRefused for one that is cut short or has a number of more than 28 bits
 */
export function oidOf(element: DerElement | undefined): string {
  const content = contentOf(element, TAG.oid);
  const numbers: number[] = [];
  let value = 0;
  for (const byte of content) {
    if (value > 0x1f_ffff) throw notDer();
    value = value * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    numbers.push(value);
    value = 0;
  }
  const [first, ...rest] = numbers;
  if (first === undefined || value !== 0) throw notDer();
  const top = Math.min(Math.floor(first / 40), 2);
  return [top, first - 40 * top, ...rest].join('.');
}

/** A small INTEGER, 0 to 2^31 - 1. Throws KeyFileRefused for any other. */
export function smallInteger(element: DerElement | undefined): number {
  const content = contentOf(element, TAG.integer);
  const [first = 0x80] = content;
  if (first >= 0x80 || content.length > 4) throw notDer();
  return content.readUIntBE(0, content.length);
}

function elementAt(bytes: Buffer, at: number): DerElement {
  const tag = bytes[at] ?? 0;
  const first = bytes[at + 1];
  if (first === undefined || (tag & 0x1f) === 0x1f || first === 0x80 || first > 0x83) throw notDer();
  const lengthBytes = first < 0x80 ? 0 : first - 0x80;
  const start = at + 2 + lengthBytes;
  if (start > bytes.length) throw notDer();
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes);
  if (start + length > bytes.length) throw notDer();
  return { tag, content: bytes.subarray(start, start + length) };
}

function notDer(): Error {
  return unusable('is damaged, or is no key file: its parts are not whole');
}
