/** What the share process does with shares of years ago: proves, passes on, makes a new set of the same key; and what it refuses. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeviceError } from '../../ceremony/command/device-error';
import type { AskingLink, Dialogue } from '../../hsm/contract';
import { SetInHand } from '../../hsm/shares/set-in-hand';
import type { PublicSet, SetShape } from '../../hsm/shares/set-shape';

/** Custodians who copy what they are shown and type it back, unless `types` has something else in store. */
class Custodians implements AskingLink {
  readonly sheets = new Map<string, string>();
  readonly refusals: string[] = [];
  types: (dialogue: Extract<Dialogue, { kind: 'share-enter' }>) => string | undefined = () => undefined;

  ask(dialogue: Dialogue, body?: Uint8Array): Promise<Buffer> {
    if (dialogue.kind === 'share-show') {
      this.sheets.set(`${dialogue.custodian} ${dialogue.set}`, Buffer.from(body ?? []).toString('utf8'));
      return Promise.resolve(Buffer.alloc(0));
    }
    if (dialogue.kind !== 'share-enter') throw new Error(`nobody is to be asked for ${dialogue.kind}`);
    if (dialogue.refused !== null) this.refusals.push(dialogue.refused);
    const text = this.types(dialogue) ?? this.sheets.get(`${dialogue.custodian} ${dialogue.set}`);
    if (text === undefined) throw new Error(`${dialogue.custodian} has no share`);
    return Promise.resolve(Buffer.from(text));
  }

  sheetOf(custodian: string, { set }: PublicSet): string {
    const text = this.sheets.get(`${custodian} ${set}`);
    if (text === undefined) throw new Error(`${custodian} has no sheet`);
    return text;
  }
}

const who = (index: number, side = 'old'): string => `${side}-${String(index)}`;

async function handOut(set: SetInHand, link: Custodians, side = 'old'): Promise<void> {
  for (const { index } of set.known.shares) {
    await set.show(index, who(index, side), link);
    await set.enter(index, who(index, side), link);
  }
}

async function madeBefore(shape: SetShape): Promise<{ known: PublicSet; link: Custodians }> {
  const link = new Custodians();
  const set = SetInHand.generate(shape);
  await handOut(set, link);
  set.proveWhole();
  return { known: set.known, link };
}

async function troubleOf(act: Promise<unknown>): Promise<DeviceError> {
  const error = await act.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof DeviceError) return error;
  throw new Error('it was not refused');
}

const SHAPES: readonly SetShape[] = [
  { scheme: 'components', threshold: 3, count: 3 },
  { scheme: 'threshold', threshold: 2, count: 4 },
];

describe.each(SHAPES)('of a set of $count shares, $scheme', (shape) => {
  it('each is proven alone, and nothing can be combined from it', async () => {
    const { known, link } = await madeBefore(shape);
    for (const { index } of known.shares) {
      const set = SetInHand.reopen(known);
      await set.prove(index, who(index), [], link);
      expect(() => set.reshare(shape)).toThrow(/cannot be combined/);
      expect(() => {
        set.proveWhole();
      }).toThrow(/is not proven/);
    }
  });

  it('a wrong one, one of another set, and one that was proven before are refused and named', async () => {
    const { known, link } = await madeBefore(shape);
    const other = await madeBefore(shape);
    const set = SetInHand.reopen(known);
    const seen = [{ index: 2, by: 'Carol Castro', at: '10:42 UTC' }];
    link.types = () =>
      link
        .sheetOf(who(2), known)
        .replace(/^Share .*$/m, `Share      1 of ${String(known.shares.length)}`)
        .replace(/old-2/, 'old-1');
    const twice = await troubleOf(set.prove(1, who(1), seen, link));
    expect(twice.code).toBe('SHARE_WRONG');
    expect(twice.message).toMatch(/share 2/);
    link.types = () => link.sheetOf(who(2), known);
    const headed = await troubleOf(SetInHand.reopen(known).prove(1, who(1), seen, link));
    expect(headed.message).toContain('this is share 2, already entered by Carol Castro at 10:42 UTC');
    link.types = () => other.link.sheetOf(who(1), other.known);
    const strange = await troubleOf(SetInHand.reopen(known).prove(1, who(1), [], link));
    expect(strange.message).toMatch(/set/i);
    expect(link.refusals.length).toBeGreaterThanOrEqual(8);
  });

  it('one is passed on, and both have the same', async () => {
    const { known, link } = await madeBefore(shape);
    const pass = async (to: string): Promise<void> => {
      const set = SetInHand.reopen(known);
      await set.takeOver(1, who(1), link);
      await set.passOn(1, to, link);
    };
    await pass('heir');
    await SetInHand.reopen(known).prove(1, 'heir', [], link);
    await SetInHand.reopen(known).prove(1, who(1), [], link);
    expect((await troubleOf(pass(who(1)))).code).toBe('SHARE_SECOND');
    // A successor whose copy is wrong has nothing: the transfer did not happen.
    link.types = ({ custodian }) =>
      custodian === 'clumsy'
        ? link.sheetOf('clumsy', known).replace(/\b([a-z]{4,}|[0-9A-F]{4})\b(?=[^]*$)/, '')
        : undefined;
    expect((await troubleOf(pass('clumsy'))).code).toBe('SHARE_WRONG');
    // What is on its way is nobody's to combine, and is gone once it was passed on.
    link.types = () => undefined;
    const set = SetInHand.reopen(known);
    expect((await troubleOf(set.passOn(1, 'heir', link))).code).toBe('SHARE_NOT_HERE');
    await set.takeOver(1, who(1), link);
    expect((await troubleOf(Promise.resolve().then(() => set.reshare(shape)))).code).toBe('SHARES_MISSING');
    await set.passOn(1, 'heir', link);
    expect((await troubleOf(set.passOn(1, 'heir', link))).code).toBe('SHARE_SECOND');
    expect((await troubleOf(set.passOn(1, 'other', link))).code).toBe('SHARE_NOT_HERE');
  });

  it('one that is there is named by who entered it, as people call them', async () => {
    const { known, link } = await madeBefore(shape);
    const set = SetInHand.reopen(known);
    set.call(new Map([[who(1), 'Carol Castro']]));
    await set.enter(1, who(1), link);
    const twice = await troubleOf(set.enter(1, who(1), link));
    expect(twice.code).toBe('SHARE_ENTERED');
    expect(twice.message).toMatch(/already entered by Carol Castro at [0-9]{2}:[0-9]{2} UTC/);
  });

  it('a quorum makes a new set of any shape for the same master key, and fewer do not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('components' as const, 'threshold' as const),
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 2, max: 6 }),
        fc.shuffledSubarray(
          Array.from({ length: shape.count }, (_, place) => place + 1),
          { minLength: shape.threshold - 1, maxLength: shape.count },
        ),
        async (scheme, one, two, present) => {
          const { known, link } = await madeBefore(shape);
          const [threshold, count] = scheme === 'components' ? [two, two] : [Math.min(one, two), Math.max(one, two)];
          const old = SetInHand.reopen(known);
          for (const index of present) await old.enter(index, who(index), link);
          if (present.length < shape.threshold) {
            expect(() => old.reshare({ scheme, threshold, count })).toThrow(/cannot be combined/);
            return;
          }
          const fresh = old.reshare({ scheme, threshold, count });
          expect(fresh.known.pattern).toBe(known.pattern);
          expect(fresh.known.set).not.toBe(known.set);
          expect(() => old.reshare({ scheme, threshold, count }), 'what was entered is forgotten').toThrow();
          expect(() => {
            fresh.proveWhole();
          }).toThrow(/is not proven/);
          await handOut(fresh, link, 'new');
          fresh.proveWhole();
          // The new one gives the key years later, without the old.
          const later = SetInHand.reopen(fresh.known);
          for (let index = 1; index <= threshold; index += 1) await later.enter(index, who(index, 'new'), link);
          expect(later.reshare(shape).known.pattern).toBe(known.pattern);
        },
      ),
      { numRuns: 12 },
    );
  });

  it('a record with another pattern makes no new set', async () => {
    const { known, link } = await madeBefore(shape);
    const set = SetInHand.reopen({ ...known, pattern: '7'.repeat(64) });
    for (let index = 1; index <= shape.threshold; index += 1) await set.enter(index, who(index), link);
    expect(() => set.reshare(shape)).toThrow(/do not give its verification pattern/);
  });
});

it('a share that is entered twice is named with who entered it, and when', async () => {
  const shape = { scheme: 'threshold', threshold: 2, count: 3 } as const;
  const { known, link } = await madeBefore(shape);
  const set = SetInHand.reopen(known);
  await set.enter(2, who(2), link);
  expect((await troubleOf(set.enter(2, 'carol', link))).message).toMatch(/already entered by old-2 at \d\d:\d\d UTC/);
});
