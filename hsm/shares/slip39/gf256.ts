/**
 * Arithmetic in GF(256) with the polynomial x⁸ + x⁴ + x³ + x + 1, as SLIP-39 uses it: without branches or table look-ups
 * that depend on a value, since the values are secret. What is public, the x coordinates, is left to branch.
 */
import { secretBytes } from '../../secret-bytes';

/** Value of a polynomial, byte by byte, at a public x (0 to 255). The bytes are secret. */
export interface Point {
  readonly x: number;
  readonly y: Uint8Array;
}

/** The product of two field elements. */
export function multiply(left: number, right: number): number {
  let a = left & 0xff;
  let b = right & 0xff;
  let product = 0;
  for (let bit = 0; bit < 8; bit += 1) {
    product ^= a & (0 - (b & 1));
    a = ((a << 1) ^ (0x11b & (0 - (a >>> 7)))) & 0xff;
    b >>>= 1;
  }
  return product;
}

/** The inverse of a field element: its 254th power, so that 0 gives 0. */
export function invert(element: number): number {
  let power = element;
  // 254 = 0b11111110: square and multiply.
  for (let bit = 0; bit < 6; bit += 1) power = multiply(multiply(power, power), element);
  return multiply(power, power);
}

/**
 * The value at `x` of the polynomial of lowest degree through points (Lagrange), for each byte.
 *
 * @returns as many bytes as each point has; the caller zeroes them
 * @throws RangeError without points, with an x twice, or values of different length
 */
export function interpolate(points: readonly Point[], x: number): Buffer {
  const length = points[0]?.y.length ?? 0;
  if (length === 0) throw new RangeError('interpolation: expected points with values, got none');
  if (points.some(({ y }) => y.length !== length)) throw new RangeError('interpolation: values of different length');
  if (new Set(points.map((point) => point.x)).size !== points.length) {
    throw new RangeError('interpolation: an x coordinate occurs twice');
  }
  const value = secretBytes(length);
  for (const point of points) {
    const weight = weightOf(point.x, points, x);
    for (let at = 0; at < length; at += 1) value[at] = (value[at] ?? 0) ^ multiply(point.y[at] ?? 0, weight);
  }
  return value;
}

/** The Lagrange basis polynomial of the point at `own`, at `x`: of public numbers only. */
function weightOf(own: number, points: readonly Point[], x: number): number {
  return points
    .filter((other) => other.x !== own)
    .reduce((weight, other) => multiply(weight, multiply(x ^ other.x, invert(own ^ other.x))), 1);
}
