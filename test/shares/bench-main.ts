/**
 * Measures shares for `npm run bench`: split and combine of 3 of 5, against the npm packages `slip39` (the same work: words,
 * four rounds of PBKDF2) and `shamir-secret-sharing` (shares of bytes alone, by tables), in turns in one run; and the
 * arithmetic in GF(256) with shares of zeros, of ones and random ones. Prints one JSON object.
 */
import { randomBytes } from 'node:crypto';
import { combine, split } from 'shamir-secret-sharing';
import slip39 from 'slip39';
import { KEY_BYTES } from '../../hsm/shares/key-bytes';
import { interpolate, type Point } from '../../hsm/shares/slip39/gf256';
import { combineSlip39, splitSlip39 } from '../../hsm/shares/slip39/scheme';
import { readSlip39, writeSlip39 } from '../../hsm/shares/slip39/share';

const [NEEDED, COUNT] = [3, 5];
const NONE = Buffer.alloc(0);
const SHAPE = { threshold: NEEDED, count: COUNT, passphrase: NONE, iterationExponent: 0 };

/** Best of so many turns, in µs: others on the machine can only make a turn longer. */
const TURNS = 15;

async function inTurns<K extends string>(
  works: Readonly<Record<K, () => unknown>>,
  repeat: number,
  turns = TURNS,
): Promise<Record<K, number>> {
  const names = Object.keys(works) as K[];
  const best = Object.fromEntries(names.map((name) => [name, Infinity])) as Record<K, number>;
  for (let turn = 0; turn < turns; turn += 1) {
    for (const name of names) {
      const begun = performance.now();
      for (let at = 0; at < repeat; at += 1) await works[name]();
      best[name] = Math.min(best[name], ((performance.now() - begun) * 1000) / repeat);
    }
  }
  return best;
}

async function sharesOf(length: number) {
  // The package wants plain bytes, and no Buffer.
  const secret = Uint8Array.from(randomBytes(length));
  const own = splitSlip39(secret, SHAPE).map(writeSlip39);
  const others = slip39.fromArray([...secret], { passphrase: '', groups: [[NEEDED, COUNT, 'all']] }).fromPath('r/0');
  const bytes = await split(secret, COUNT, NEEDED);
  const points: Point[] = [0, 254, 255].map((x) => ({ x, y: randomBytes(length) }));
  const ownSplit = () => splitSlip39(secret, SHAPE).map(writeSlip39);
  const ownCombine = () => combineSlip39(own.slice(0, NEEDED).map(readSlip39), NONE);
  const made = await inTurns(
    {
      own: ownSplit,
      slip39: () => slip39.fromArray([...secret], { passphrase: '', groups: [[NEEDED, COUNT, 'all']] }),
      shamir: () => split(secret, COUNT, NEEDED),
      arithmetic: () => [1, 2, 3, 4].map((x) => interpolate(points, x)),
    },
    2,
  );
  const back = await inTurns(
    {
      own: ownCombine,
      slip39: () => slip39.recoverSecret(others.mnemonics.slice(0, NEEDED), ''),
      shamir: () => combine(bytes.slice(0, NEEDED)),
      arithmetic: () => [255, 254].map((x) => interpolate(points.slice(0, NEEDED), x)),
    },
    2,
  );
  if (!ownCombine().equals(secret)) throw new Error('another secret came back');
  return { length, split: made, combine: back };
}

/** The interpolation alone, as often as a split of 3 of 5 makes it: once for each share but the random ones. */
async function arithmetic() {
  const of = (fill: (bytes: Buffer) => Buffer): (() => void) => {
    const points: Point[] = [0, 1, 255].map((x) => ({ x, y: fill(Buffer.alloc(32)) }));
    return () => {
      for (let x = 2; x < 6; x += 1) interpolate(points, x);
    };
  };
  const works = {
    zeros: of((bytes) => bytes.fill(0)),
    ones: of((bytes) => bytes.fill(1)),
    allBits: of((bytes) => bytes.fill(0xff)),
    random: of((bytes) => randomBytes(bytes.length)),
  };
  // The compiler of V8 is done with it by then.
  await inTurns(works, 200, 3);
  return inTurns(works, 200, 60);
}

async function main(): Promise<void> {
  const sizes = [];
  for (const length of KEY_BYTES) sizes.push(await sharesOf(length));
  console.log(JSON.stringify({ sizes, arithmetic: await arithmetic() }));
}

void main();
