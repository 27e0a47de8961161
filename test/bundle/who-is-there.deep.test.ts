/**
 * Whoever vouches, takes a place, signs or takes part in a session is there, and may be: each lie here has every other rule
 * on its side, and all signatures, and both verifiers refuse it.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { PAYLOAD_TYPES } from '../../ceremony/command/dsse';
import type { JsonObject } from '../../ceremony/canonical-json';
import type { Draft } from '../../ceremony/transcript/line';
import { judge, judgeByScript } from './mutation/both-verifiers';
import type { Files } from './mutation/bundle-files';
import { exceptionLines } from './mutation/exception-lines';
import type { Forgery, LooseLine } from './mutation/forgery';
import { signedAgain } from './mutation/insider';
import { Told, factOf, replacing } from './mutation/told';
import { softwareBundle } from './mutation/truthful';

let life: Files = new Map();
beforeAll(async () => {
  life = await softwareBundle({ realLife: true });
});

/** Lines put in before the first that matches. */
const before = (matches: (line: LooseLine) => boolean, added: (at: string) => readonly LooseLine[]): Forgery => ({
  lines: (lines) => {
    const place = lines.findIndex(matches);
    return lines.toSpliced(place, 0, ...added(lines[place]?.at ?? ''));
  },
});
const begins =
  (step: string) =>
  (line: LooseLine): boolean =>
    line.type === 'step.started' && line.step === step;

/** A record that does not say that it keeps the rules of today, by which nobody at all acts before they came. */
function withoutRules(draft: Draft): Draft {
  if (draft.type !== 'ceremony.opened') return draft;
  const { rules: _, ...body } = draft.body;
  return { ...draft, body };
}

const LIES: readonly (readonly [string, () => Forgery, RegExp])[] = [
  [
    'somebody answers before they come',
    () => before(begins('roll-call'), () => [factOf(null, ['otto'], 'answer', { asked: 'Anything?', answer: 'No.' })]),
    /^transcript.jsonl 6: otto has not proved presence in this session$/,
  ],
  [
    'somebody signs the only checkpoint that counts who never came',
    () => ({
      lines: (lines) => lines.filter(({ type, by }) => type !== 'participant.present' || by[0] !== 'nora'),
      sign: (one) => (one.checkpoint === 3 ? { ...one, signers: [...one.signers, 'nora'] } : one),
    }),
    /^checkpoints null: nora has not proved presence in this session, and signed the last checkpoint$/,
  ],
  [
    'somebody takes part whom the binding of the session leaves out',
    () => ({
      session: (binding) => ({
        ...binding,
        people: (binding['people'] as readonly JsonObject[]).filter(({ id }) => id !== 'dora'),
      }),
    }),
    /^transcript.jsonl \d+: dora is not in the binding of this session$/,
  ],
  [
    'somebody signs an exception who comes in the next session',
    () =>
      before(begins('enrol'), (at) =>
        exceptionLines(life, 'roll-call', 'other', at, {}, ['ada', 'nora']).map((line) =>
          line.type === 'exception.recorded' ? { ...line, by: ['ada'] } : line,
        ),
      ),
    /^transcript.jsonl 15: exception: .*nora/,
  ],
  [
    'somebody signs a command too who comes in the next session',
    () => ({
      sign: (one) =>
        one.type === PAYLOAD_TYPES.command && JSON.stringify(one.payload).includes('thresholds.set')
          ? { ...one, signers: [...one.signers, 'nora'] }
          : one,
    }),
    /nora/,
  ],
];

describe('lies about who is there', () => {
  it.each(LIES)('%s', { timeout: 60_000 }, async (_, forgery, words) => {
    const files = signedAgain(life, forgery());
    const { verdict, said } = await judge(files);
    expect(verdict, said).toBe('refused');
    expect(said).toMatch(words);
    expect((await judgeByScript(files)).verdict).toBe('refused');
  });

  it('an alternate takes a place before anybody came', { timeout: 60_000 }, async () => {
    const files = await softwareBundle({ realLife: true, draft: withoutRules });
    const forged = signedAgain(
      files,
      before(begins('roll-call'), () => [replacing('carl', 'dora')]),
    );
    const { verdict, said } = await judge(forged);
    expect(verdict, said).toBe('refused');
    expect(said).toMatch(/^transcript.jsonl 6: dora is not there to take the place$/);
    expect((await judgeByScript(forged)).verdict).toBe('refused');
  });

  it('somebody vouches before anybody came', { timeout: 60_000 }, async () => {
    const planText = (text: string): string => {
      const enrol = / {2}- \{ id: enrol,.*\n/.exec(text)?.[0] ?? '';
      return text.replace(enrol, '').replace('  - { id: roll-call,', `${enrol}  - { id: roll-call,`);
    };
    const files = await softwareBundle({ realLife: true, planText, draft: withoutRules });
    const { verdict, said } = await judge(files);
    expect(verdict, said).toBe('refused');
    expect(said).toMatch(/^transcript.jsonl \d+: ada is not there, and vouches$/);
    expect((await judgeByScript(files)).verdict).toBe('refused');
  });
});

describe('truthful records', () => {
  it('an alternate takes a place, and then the other way round', { timeout: 60_000 }, async () => {
    const told = new Told(life);
    const files = signedAgain(
      life,
      before(begins('enrol'), () => [
        replacing('carl', 'dora'),
        told.presence('carl', '0a'),
        replacing('dora', 'carl'),
        told.presence('dora', '1a'),
      ]),
    );
    expect(await judge(files)).toMatchObject({ verdict: 'consistent' });
    expect(await judgeByScript(files)).toMatchObject({ verdict: 'consistent' });
  });

  it('the binding of a session leaves somebody out who takes no part in it', { timeout: 60_000 }, async () => {
    const files = signedAgain(life, {
      session: (binding) => ({
        ...binding,
        people: (binding['people'] as readonly JsonObject[]).filter(({ id }) => id !== 'emil'),
      }),
    });
    // Emil was enrolled: that is enough for him.
    expect(await judge(files)).toMatchObject({ verdict: 'consistent' });
    expect(await judgeByScript(files)).toMatchObject({ verdict: 'consistent' });
  });
});
