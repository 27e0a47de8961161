/**
 * The third verifier, in Python, by somebody who had read `docs/evidence-format.md` and none of our code: it comes to the
 * same verdict on bundles of released versions, on truthful ones in all four verdicts, and on corrupted ones. Where it does
 * not, the document or a verifier is wrong.
 */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pemOf, spkiOf } from '../../ceremony/bundle/layout';
import type { Outside } from '../../ceremony/bundle/verify';
import { judge } from './mutation/both-verifiers';
import { readFiles, writeFiles, type Files } from './mutation/bundle-files';
import { addendaBundle, softwareBundle, truthful } from './mutation/truthful';
import { evenly, mutations, subjectOf, type Subject } from './mutations';
import type { Variation } from './software-ceremony';
import { removeDirectory, temporaryDirectory } from './temp-folder';

const DEEP = process.env['KEYRITE_DEEP'] === '1';
/** One of how many truthful bundles is judged. */
const EVERY = DEEP ? 1 : 5;
/** How many corruptions of each subject are. */
const CORRUPTED = DEEP ? 60 : 8;
const VERIFIER = join(import.meta.dirname, 'second-opinion', 'verify.py');
const FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'bundles');

/** A bundle before all of them. */
interface Case {
  readonly name: string;
  readonly files: Files;
  readonly outside: Outside;
}

let folder = '';
beforeAll(async () => {
  folder = await temporaryDirectory();
});
afterAll(async () => {
  await removeDirectory(folder);
});

async function* cases(): AsyncGenerator<Case> {
  const released = await readFiles(join(FIXTURES, '0.1.0', 'bundle'));
  yield { name: 'version 0.1.0', files: released, outside: {} };
  yield { name: 'version 0.2.0', files: await readFiles(join(FIXTURES, '0.2.0', 'bundle')), outside: {} };
  const software = await softwareBundle();
  for (const [place, one] of [...truthful(released, software)].entries()) {
    // Those of a kind stand side by side.
    if (place % EVERY !== 0) continue;
    yield { name: one.name, files: await one.make(), outside: one.outside ?? {} };
  }
  const life: Variation = { realLife: true, custody: (entry) => entry };
  const subjects: readonly (readonly [string, Subject])[] = [
    ['rehearsal', subjectOf(released)],
    ['software', subjectOf(software)],
    ['addenda', { ...subjectOf(await addendaBundle()), other: await addendaBundle({ ceremony: 'software-2' }) }],
    [
      'real life',
      { ...subjectOf(await softwareBundle(life)), other: await softwareBundle({ ...life, ceremony: 'software-2' }) },
    ],
  ];
  for (const [name, subject] of subjects) {
    yield { name, files: subject.files, outside: {} };
    for (const one of evenly([...mutations(subject, name)], CORRUPTED, `${name} second opinion`))
      yield { name: `${name}: ${one.kind}: ${one.name}`, files: one.make(), outside: one.outside ?? {} };
  }
}

/** Writes a case to disk; returns its line of the batch. */
async function put(place: number, { files, outside }: Case): Promise<string> {
  const at = join(folder, String(place));
  await writeFiles(join(at, 'bundle'), files);
  await mkdir(at, { recursive: true });
  const approvers: string[] = [];
  for (const [number, key] of (outside.approverKeys ?? []).entries()) {
    approvers.push(join(at, `approver-${String(number)}.pem`));
    await writeFile(approvers.at(-1) ?? '', pemOf(spkiOf(key) ?? ''));
  }
  return JSON.stringify({ bundle: join(at, 'bundle'), planHash: outside.planHash ?? '', approvers });
}

interface Judged {
  readonly verdict: string;
  readonly findings: unknown;
}

/** Asks Python while we judge ourselves: there is one process for all bundles, since they share most signatures. */
function startPython(): { ask: (line: string) => void; answers: () => Promise<readonly Judged[]> } {
  const python = spawn('python3', ['-B', VERIFIER, '--batch', '-'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = text(python.stdout);
  // When it is not there or ends early, there are too few answers, and what it said stands above.
  python.on('error', (error) => {
    console.error(error.message);
  });
  python.stdin.on('error', () => undefined);
  return {
    ask: (line) => python.stdin.write(`${line}\n`),
    answers: async () => {
      python.stdin.end();
      return (await answers)
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Judged);
    },
  };
}

it('comes to the same verdict', { timeout: DEEP ? 1_200_000 : 240_000 }, async () => {
  const ours: { name: string; verdict: string; said: string }[] = [];
  const python = startPython();
  for await (const one of cases()) {
    python.ask(await put(ours.length, one));
    const { verdict, said } = await judge(one.files, one.outside);
    ours.push({ name: one.name, verdict, said });
  }
  const theirs = await python.answers();
  expect(theirs).toHaveLength(ours.length);
  const different = ours.flatMap(({ name, verdict, said }, place) => {
    const other = theirs[place];
    return other?.verdict === verdict
      ? []
      : [`${name}: ${verdict} (${said}), in Python ${other?.verdict ?? ''} ${JSON.stringify(other?.findings)}`];
  });
  expect(different).toEqual([]);
  expect(new Set(ours.map(({ verdict }) => verdict))).toEqual(
    new Set(['refused', 'incomplete', 'consistent', 'verified']),
  );
});
