/**
 * The mutation suite: no verifier accepts a corrupted bundle, and both give the same verdict. The bundles are two that real
 * rehearsals on SoftHSM2 left (the fixtures of version 0.1.0, and of 0.2.0 with its two sessions), one of the software
 * ceremony, in which people have keys of every algorithm, one with two addenda, one about shares that live on, and one with sessions and people who come and go. `npm test` takes a seeded sample; with
 * KEYRITE_DEEP=1 verifyBundle judges more than 5,000 of them (KEYRITE_FULL=1: all) and verify.sh 500, spread evenly over the kinds.
 */
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { TIME_LIMIT_MS, judge, judgeByScript, severalAtOnce, type Judged } from './mutation/both-verifiers';
import { readFiles, sameFiles, seededRandom, sha256, type Files } from './mutation/bundle-files';
import { KINDS, type Corruption, type Kind } from './mutation/corruption';
import { hashesRight } from './mutation/hashes-right';
import { HUGE_LINES } from './mutation/huge-line';
import { signedAgain } from './mutation/insider';
import { isAccepted, tableOf, type Outcome } from './mutation/table';
import { addendaBundle, softwareBundle } from './mutation/truthful';
import { evenly, mutations, subjectOf, type Subject } from './mutations';

const DEEP = process.env['KEYRITE_DEEP'] === '1';
const FULL = process.env['KEYRITE_FULL'] === '1';
/** How many corruptions of each bundle are the suite, besides {@link IN_FULL}; how many are judged in a run, and by verify.sh. */
const SUITE = {
  rehearsal: 3000,
  'two days': 900,
  software: 1700,
  'real life': 1200,
  addenda: 800,
  shares: 300,
} as const;
/** Kinds of which each corruption is about a rule of its own: all of them are in the suite. */
const IN_FULL: readonly Kind[] = [
  'session lied about',
  'people lied about',
  'custody or clocks lied about',
  'shares lied about',
  'addendum moved or edited',
];
/** A few of those chosen for verify.sh turn out to be the same change, or none. */
const SAMPLES = DEEP ? { ts: FULL ? 1 : 0.66, sh: 530 } : { ts: 0.012, sh: KINDS.length };
/** How much the process may grow over the whole run: verification keeps nothing. */
const GROWTH_BYTES = 700 * 1024 * 1024;
const released = (version: string): string =>
  fileURLToPath(new URL(`../fixtures/bundles/${version}/bundle`, import.meta.url));

interface Part {
  readonly name: keyof typeof SUITE;
  readonly subject: Subject;
  readonly suite: readonly Corruption[];
}
let parts: readonly Part[] = [];

beforeAll(async () => {
  const part = (name: Part['name'], subject: Subject): Part => ({ name, subject, suite: suiteOf(name, subject) });
  parts = [
    part('rehearsal', subjectOf(await readFiles(released('0.1.0')))),
    part('two days', subjectOf(await readFiles(released('0.2.0')))),
    part('software', subjectOf(await softwareBundle())),
    part('addenda', {
      files: await addendaBundle(),
      other: await addendaBundle({ ceremony: 'software-2' }),
    }),
    part('shares', {
      files: await softwareBundle({ shares: true }),
      other: await softwareBundle({ shares: true, ceremony: 'software-2' }),
    }),
    part('real life', {
      files: await softwareBundle({ realLife: true, custody: (entry) => entry }),
      other: await softwareBundle({ realLife: true, custody: (entry) => entry, ceremony: 'software-2' }),
    }),
  ];
});

/** Kinds that are about people, seals and sessions of the software ceremony by their names. */
const OF_SOFTWARE: readonly Kind[] = IN_FULL;

function suiteOf(name: Part['name'], subject: Subject): readonly Corruption[] {
  const isMeant = ({ kind }: Corruption): boolean => name !== 'two days' || !OF_SOFTWARE.includes(kind);
  const all = [...mutations(subject, name)].filter(isMeant);
  const isInFull = ({ kind }: Corruption): boolean => IN_FULL.includes(kind);
  const others = evenly(
    all.filter((one) => !isInFull(one)),
    SUITE[name],
    `${name} suite`,
  );
  // However few flips are chosen, one at least is in every file.
  const flips = firstInEachFile(all).filter((one) => !others.includes(one));
  return [...others, ...flips, ...all.filter(isInFull)];
}

/** The first flipped bit of each file. */
function firstInEachFile(all: readonly Corruption[]): readonly Corruption[] {
  const first = new Map<string, Corruption>();
  for (const one of all) {
    const file = fileOf(one);
    if (one.kind === 'bit flipped' && !first.has(file)) first.set(file, one);
  }
  return [...first.values()];
}

/** The file that a corruption of a file is about, by its name. */
function fileOf({ name }: Corruption): string {
  return name.split(': ')[0] ?? '';
}

/** What a bundle holds, as one hash; files that are the original's own are not read again. */
function fingerprint(files: Files, original: Files): string {
  const parts = [...files].map(([name, content]) => [name, original.get(name) === content ? 'same' : sha256(content)]);
  return sha256(JSON.stringify(parts));
}

describe('corruptions', () => {
  it('are of bundles that hold, and that still do when a forger changes nothing', { timeout: 240_000 }, async () => {
    const unchanged = parts.flatMap(({ subject, name }) => [
      { name, files: subject.files },
      { name: `${name}, signed again`, files: signedAgain(subject.files) },
    ]);
    await severalAtOnce(unchanged, 2, async ({ name, files }) => {
      expect(await judge(files), name).toMatchObject({ verdict: 'consistent' });
      expect(await judgeByScript(files), name).toMatchObject({ verdict: 'consistent' });
    });
    for (const { subject, name } of parts)
      expect(sameFiles(hashesRight(subject.files), subject.files), name).toBe(true);
  });

  it('are more than 5,000, of every kind, and the same each time', () => {
    const all = parts.flatMap(({ suite }) => suite);
    expect(all.length).toBeGreaterThan(5000);
    expect(KINDS.filter((kind) => !all.some((one) => one.kind === kind))).toEqual([]);
    for (const { subject, name, suite } of parts) {
      const flipped = new Set(suite.filter(({ kind }) => kind === 'bit flipped').map(fileOf));
      const isFlipped = (file: string): boolean => flipped.has(file) || subject.files.get(file)?.length === 0;
      expect(
        [...subject.files.keys()].filter((file) => !isFlipped(file)),
        name,
      ).toEqual([]);
      const again = suiteOf(name, subject);
      expect(again.map((one) => one.name)).toEqual(suite.map((one) => one.name));
      const random = seededRandom('again');
      for (const place of Array.from({ length: 40 }, () => random(suite.length))) {
        const [one, two] = [suite[place], again[place]];
        if (one === undefined || two === undefined) throw new Error('no such corruption');
        const made = fingerprint(one.make(), subject.files);
        expect(fingerprint(one.make(), subject.files), one.name).toBe(made);
        expect(fingerprint(two.make(), subject.files), one.name).toBe(made);
      }
    }
  });

  it('are never accepted, and never judged differently', { timeout: DEEP ? 3_600_000 : 600_000 }, async () => {
    const chosen = parts.map(({ suite, name }) =>
      // Of each kind that a bundle has, one at least.
      evenly(suite, Math.max(Math.ceil(suite.length * SAMPLES.ts), KINDS.length), `${name} sample`),
    );
    const forScript = new Set(evenly(chosen.flat(), SAMPLES.sh, 'script'));
    const before = process.memoryUsage().rss;
    let peak = before;
    // verify.sh runs beside verifyBundle, two at once: together they keep two cores busy.
    const scripts = severalAtOnce([...forScript], 2, async (corruption) => {
      return [corruption, await judgeByScript(corruption.make(), corruption.outside)] as const;
    });
    const judged: (readonly [Corruption, Judged])[] = [];
    for (const [place, { subject }] of parts.entries()) {
      const seen = new Set<string>();
      for (const corruption of chosen[place] ?? []) {
        const files = corruption.make();
        const print = fingerprint(files, subject.files) + JSON.stringify(corruption.outside ?? {});
        // The same change come upon twice, or one that making right undid, counts once or not at all.
        if (seen.has(print) || sameFiles(files, subject.files)) continue;
        seen.add(print);
        judged.push([corruption, await judge(files, corruption.outside)]);
        peak = Math.max(peak, process.memoryUsage().rss);
      }
    }
    const byScript = new Map(await scripts);
    const outcomes = judged.map(([corruption, ts]): Outcome => ({
      corruption,
      ts,
      sh: byScript.get(corruption) ?? null,
    }));
    const grown = Math.round((peak - before) / 1024 / 1024);
    const huge = `lines of 1 GiB: ${String(HUGE_LINES.length)} more, in test/bundle/huge-line.deep.test.ts`;
    console.log(`${tableOf(outcomes)}\n${huge}\nmemory: at most ${String(grown)} MiB more than before\n`);

    const name = ({ corruption, ts, sh }: Outcome): string =>
      `${corruption.kind}: ${corruption.name}: ${ts.verdict} ${ts.said}; ${sh?.verdict ?? ''} ${sh?.said ?? ''}`;
    expect(outcomes.filter(({ ts, sh }) => isAccepted(ts) || (sh !== null && isAccepted(sh))).map(name)).toEqual([]);
    expect(outcomes.filter(({ ts, sh }) => sh !== null && sh.verdict !== ts.verdict).map(name)).toEqual([]);
    const isSlow = ({ ts, sh }: Outcome): boolean => ts.ms > TIME_LIMIT_MS.ts || (sh?.ms ?? 0) > TIME_LIMIT_MS.sh;
    expect(outcomes.filter(isSlow).map(name)).toEqual([]);
    expect(peak - before).toBeLessThan(GROWTH_BYTES);
    const kinds = new Set(outcomes.flatMap(({ corruption, sh }) => (sh === null ? [] : [corruption.kind])));
    expect(KINDS.filter((kind) => !kinds.has(kind))).toEqual([]);
    if (!DEEP) return;
    expect(outcomes.length).toBeGreaterThanOrEqual(5000);
    expect(outcomes.filter(({ sh }) => sh !== null).length).toBeGreaterThanOrEqual(500);
  });
});
