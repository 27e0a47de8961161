/** What the screen is said to show, it shows: each such sentence of the instructions, held against a real run. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { instructions } from '../../ceremony/plan/instructions';
import { readPlan } from '../../ceremony/plan/read';
import type { Line } from '../../ceremony/transcript/line';
import { hexGroups } from '../../ceremony/words';
import type { ResultView, RunView, ScreenView } from '../../ipc/view';
import { resultView } from '../../src-main/app/run-result';
import { CHECKOUT, FIRST_CEREMONY, scratch, transcript } from '../ceremony/program';
import { ControlledApp, removeRooms } from './controlled-app';
import { writeSmallPlan } from './small-plan';

const place = scratch();
afterAll(() => {
  removeRooms();
  place.leave();
});

const { plan } = readPlan(readFileSync(FIRST_CEREMONY, 'utf8'));
/** Sentences that say that something stands on the screen, or is copied from it. */
const CLAIMS = /screen (?:shows|names|lists|compares)|[Ww]rite down|(?:with|on) the screen with|with the screen/;
const UNITS = ['Crypto unit A, rack 12', 'Crypto unit B, rack 31'];

/** What was seen of one run. */
interface Seen {
  /** The run when each step could begin, by its id. */
  readonly begins: Map<string, RunView>;
  /** Everything that was said while a step went, by its id. */
  readonly said: Map<string, Set<string>>;
  readonly end: RunView;
  readonly lines: readonly Line[];
}

/** What the step before leaves, when `step` can begin. */
function left({ begins }: Seen, step: string): ResultView {
  const result = begins.get(step)?.result;
  if (result === null || result === undefined) throw new Error(`nothing is left to look at before ${step}`);
  return result;
}

const valuesOf = (result: ResultView, name: string): string[] =>
  result.values.filter((one) => one.name === name).map(({ value }) => value);

function statementOf({ lines }: Seen, step: string): string[] {
  return lines.flatMap((line) => (line.type === 'step.confirmed' && line.step === step ? [line.body.statement] : []));
}

/** What each sentence asks for, by the action it belongs to and its beginning. */
const CHECKS: readonly (readonly [string, RegExp, (seen: Seen) => void])[] = [
  [
    'preflight',
    /^Read the plan hash/,
    ({ begins }) => {
      const run = begins.get('preflight');
      expect(run?.planSha256).toBe(readPlan(readFileSync(FIRST_CEREMONY, 'utf8')).sha256);
      expect(run?.planWords.split(' ')).toHaveLength(32);
    },
  ],
  [
    'unit.initialise',
    /^Before each confirmation, compare the token/,
    (seen) => {
      const statements = statementOf(seen, 'initialise');
      expect(statements).toHaveLength(2);
      for (const [index, statement] of statements.entries()) {
        expect(statement).toContain(UNITS[index]);
        // SoftHSM2's blank token shows neither; that is said as well.
        expect(statement).toMatch(
          /cannot be brought back: .*serial.*label.*initialised\. It gets the label payments-unit-/,
        );
      }
    },
  ],
  [
    'unit.initialise',
    /^Write down serial and identity/,
    (seen) => {
      const result = left(seen, 'imprint');
      const { units } = seen.begins.get('imprint')!;
      expect(result).toMatchObject({ step: 'initialise', index: 3 });
      expect([...new Set(result.values.map(({ about }) => about))]).toEqual(UNITS);
      expect(valuesOf(result, 'Identity')).toEqual(units.map(({ identity }) => identity));
      expect(valuesOf(result, 'Serial')).toEqual(units.map(({ serial }) => serial));
      expect(valuesOf(result, 'Label')).toEqual(['payments-unit-a', 'payments-unit-b']);
    },
  ],
  [
    'unit.compare',
    /^The screen compares mode/,
    (seen) => {
      const result = left(seen, 'units-checkpoint');
      expect(result.values.map(({ name }) => name)).toEqual(['Mode', 'Administrators', 'Thresholds', 'Registers']);
      expect(valuesOf(result, 'Administrators')).toEqual(['Alice Adler, Bob Brandt']);
      expect(valuesOf(result, 'Thresholds')).toEqual(['signature 2, revocation 2']);
    },
  ],
  [
    'checkpoint',
    /Each compares the root on the screen/,
    (seen) => {
      for (const [step, number] of [
        ['units-checkpoint', 1],
        ['checkpoint', 2],
      ] as const) {
        const made = seen.lines.find((line) => line.type === 'checkpoint.made' && line.body.number === number);
        if (made?.type !== 'checkpoint.made') throw new Error('no checkpoint');
        const said = [...(seen.said.get(step) ?? [])].join('\n');
        expect(said).toContain(`is over ${String(made.body.size)} lines`);
        expect(said).toContain(hexGroups(made.body.root));
        expect(valuesOf(left(seen, step === 'checkpoint' ? 'export' : 'generate'), 'Root that was signed')).toEqual([
          made.body.root,
        ]);
      }
    },
  ],
  [
    'master-key.generate',
    /^Write down the set id and the verification pattern/,
    (seen) => {
      const result = left(seen, 'distribute');
      const { set, units } = seen.begins.get('commit')!;
      expect(valuesOf(result, 'Set id')).toEqual([set?.set]);
      expect(valuesOf(result, 'Verification pattern')).toEqual([set?.pattern]);
      expect(result.values.at(-1)?.words.split(' ')).toHaveLength(32);
      expect(units.map(({ registers }) => registers?.new.pattern)).toEqual([set?.pattern, set?.pattern]);
    },
  ],
  [
    'key.package',
    /compare it with the screen/,
    (seen) => {
      const said = statementOf(seen, 'package').join('\n');
      expect(said).toMatch(/(?:[0-9a-f]{4} ){15}[0-9a-f]{4} \((?:[A-Za-z]+ ){31}[A-Za-z]+\)/);
    },
  ],
  [
    'key.package',
    /Write down its check value/,
    (seen) => {
      const made = seen.lines.find((line) => line.type === 'step.outcome' && line.body.act === 'make');
      const value = made?.type === 'step.outcome' ? made.body.result['checkValue'] : null;
      expect(value).toMatchObject({ algorithm: 'aes-cmac' });
      expect({
        algorithm: valuesOf(left(seen, 'inventory'), 'Made with')[0],
        value: valuesOf(left(seen, 'inventory'), 'Check value')[0],
      }).toEqual(value);
    },
  ],
  [
    'unit.inventory',
    /^The screen lists every object/,
    (seen) => {
      const { inventories } = left(seen, 'seals');
      expect(inventories.map(({ unit, more }) => [unit, more])).toEqual(UNITS.map((name) => [name, 0]));
      const facts = seen.lines.flatMap((line) =>
        line.type === 'fact.recorded' && line.body.fact === 'inventory' ? [line.body.value] : [],
      );
      expect(inventories.map(({ objects }) => objects.length)).toEqual(
        facts.map((fact) => (fact as { objects: unknown[] }).objects.length),
      );
      const key = inventories[0]?.objects.find(({ label }) => label === 'keyrite:mk:current');
      expect(key).toMatchObject({
        what: 'secret key, aes',
        attributes: 'private, sensitive, not extractable, brought in; may sign, wrap, unwrap',
        checkValue: { algorithm: 'aes-cmac' },
      });
      expect(key?.checkValue?.value).toMatch(/^[0-9a-f]{10}$/);
    },
  ],
  [
    'export',
    /Write down the last root/,
    ({ end }) => {
      const checkpoint = readFileSync(join(end.folder, 'checkpoints', '0003.checkpoint'), 'utf8').split('\n');
      expect(end.transcript.root).toBe(Buffer.from(checkpoint[2] ?? '', 'base64').toString('hex'));
      expect(end.transcript.rootWords.split(' ')).toHaveLength(32);
    },
  ],
];

describe('the first ceremony', () => {
  let seen: Seen;
  const verdicts: ScreenView[] = [];
  beforeAll(async () => {
    const app = new ControlledApp(join(place.folder, 'first'));
    const { handlers } = app.controller;
    await handlers['plan.open-example']({ id: 'first-ceremony' });
    await app.begin({ who: 'all' });
    const begins = new Map<string, RunView>();
    const said = new Map<string, Set<string>>();
    app.controller.onChange(() => {
      const { screen } = app.view();
      if (screen.kind !== 'run') return;
      const { run } = screen;
      const step = run.steps[run.present ?? -1]?.id;
      if (step === undefined) return;
      if (run.task.kind === 'begin' && !begins.has(step)) begins.set(step, run);
      const heard = said.get(step) ?? new Set();
      if (run.task.kind !== 'begin') for (const { text } of run.notices) heard.add(text);
      said.set(step, heard);
    });
    const end = await app.carryOn();
    seen = { begins, said, end, lines: transcript(end.folder) as unknown as Line[] };
    await handlers['verify.ceremony']({ ceremony: end.ceremony, planHash: end.planSha256 });
    verdicts.push(app.view().screen);
    await handlers['verify.again']({ planHash: end.planSha256 });
    verdicts.push(app.view().screen);
    await handlers['home.show']({});
    await handlers['verify.ceremony']({ ceremony: end.ceremony, planHash: end.planSha256 });
    verdicts.push(app.view().screen);
    await app.controller.close();
  });

  const claims = plan.steps.flatMap((step) =>
    instructions(plan, step)
      .filter((sentence) => CLAIMS.test(sentence))
      .map((sentence) => ({ action: step.action, sentence })),
  );

  it('leaves no such sentence out', () => {
    const sentences = claims.map(({ action, sentence }) =>
      CHECKS.filter(([of, pattern]) => of === action && pattern.test(sentence)).length >= 1 ? '' : sentence,
    );
    expect(sentences.filter((one) => one !== '')).toEqual([]);
    const unused = CHECKS.filter(
      ([of, pattern]) => !claims.some(({ action, sentence }) => of === action && pattern.test(sentence)),
    );
    expect(unused.map(([, pattern]) => pattern.source)).toEqual([]);
  });

  it.each(CHECKS)('%s: %s', (_action, _pattern, check) => {
    check(seen);
  });

  it('has the pattern of the set beside the registers that are compared with it, and the comparison is left', () => {
    for (const step of ['load', 'verify-new', 'commit', 'activate']) {
      expect(seen.begins.get(step)?.set?.words.split(' '), step).toHaveLength(32);
    }
    const { set } = seen.begins.get('verify-new')!;
    const [compared] = left(seen, 'commit').values;
    expect(compared).toMatchObject({ kind: 'spoken', value: set?.pattern });
    expect(compared?.about).toBe(`The NEW registers of ${UNITS.join(' and ')} and of set ${set?.set ?? ''}`);
  });

  it('is verified against the plan that was reviewed, and the verdict tells that hash from one that a person gave', () => {
    expect(verdicts).toMatchObject(
      ['run', 'person', 'person'].map((planHashFrom) => ({
        kind: 'verify',
        report: { verdict: 'verified', planHash: seen.end.planSha256, planHashFrom },
      })),
    );
  });

  it('asks nobody to look where a step leaves nothing, and keeps nothing while a step goes on', () => {
    for (const step of ['purpose', 'initialise', 'load', 'activate']) {
      const values = seen.begins.get(step)?.result?.values ?? [];
      expect(values, step).toEqual([]);
    }
    expect(seen.end.result).toBeNull();
  });
});

it('what a step left is there again when the ceremony is gone on with, and goes when the next step begins', async () => {
  const file = join(place.folder, 'small.ceremony.yaml');
  writeSmallPlan(file);
  const app = new ControlledApp(join(place.folder, 'again'));
  app.chosen.push(file);
  await app.controller.handlers['plan.open-file']({});
  await app.begin({ who: 'all' });
  const begin = async (on: ControlledApp, step: string): Promise<void> => {
    await on.controller.handlers['run.begin-step']({ question: (await on.untilTask('begin', step)).question });
  };
  for (const step of ['preflight', 'roll-call', 'initialise']) await begin(app, step);
  await app.untilTask('begin', 'imprint');
  const { result, ceremony } = app.run;
  expect(result?.values.map(({ name }) => name)).toEqual(['Serial', 'Label', 'Identity']);
  await app.controller.close();

  const again = new ControlledApp(join(place.folder, 'again'));
  await again.controller.handlers['ceremony.resume']({ ceremony, playing: { who: 'all' } });
  await again.untilTask('begin', 'imprint');
  expect(again.run.result?.values).toEqual(result?.values);
  await begin(again, 'imprint');
  expect(again.run.task.kind === 'begin' || again.run.result === null).toBe(true);
  await again.untilTask('begin', 'seals');
  expect(again.run.result?.step ?? 'imprint').toBe('imprint');
  await again.controller.close();
});

describe('words of a hostile token', () => {
  const bundle = join(CHECKOUT, 'test/fixtures/bundles/0.1.0/bundle');
  const recorded = transcript(bundle) as unknown as Line[];
  const index = plan.steps.findIndex(({ id }) => id === 'inventory');

  it('are made plain and cut, and no more objects are listed than a person can look through', () => {
    const hostile = recorded.map((line) => {
      if (line.type !== 'fact.recorded' || line.body.fact !== 'inventory') return line;
      const value = line.body.value as { objects: { label: string }[] };
      const [first] = value.objects;
      const objects = Array.from({ length: 1000 }, () => ({ ...first, label: `\u202e${'x'.repeat(5000)}` }));
      return { ...line, body: { ...line.body, value: { ...value, objects } } };
    });
    const result = resultView(plan, index, hostile, []);
    const [unit] = result?.inventories ?? [];
    expect(unit?.objects).toHaveLength(200);
    expect(unit?.more).toBe(800);
    expect(unit?.objects[0]?.label).toMatch(/^\[U\+202E\]x{100,200}…$/);
  });

  it('say so where a module does not tell what matters', () => {
    const silent = recorded.map((line) => {
      if (line.type !== 'fact.recorded' || line.body.fact !== 'inventory') return line;
      const value = line.body.value as { objects: { label: string; attributes: object }[] };
      const objects = value.objects.map((one) => ({
        ...one,
        attributes: { ...one.attributes, CKA_SENSITIVE: null, CKA_EXTRACTABLE: null },
      }));
      return { ...line, body: { ...line.body, value: { ...value, objects } } };
    });
    const objects = resultView(plan, index, silent, [])?.inventories[0]?.objects ?? [];
    expect(objects.find(({ what }) => what.startsWith('private key'))?.attributes).toContain(
      'whether sensitive is not told, whether extractable is not told',
    );
  });
});
