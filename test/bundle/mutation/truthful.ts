/**
 * Bundles that tell the truth, in all four verdicts: ceremonies that ended well, that people departed from with an
 * exception, that are under way or were broken off at any line; and what is given from outside. Both verifiers come to the
 * verdict that stands here, or, where only their agreement is held, to the same one.
 */
import { SUMS, TRANSCRIPT, OUTSIDE_RECORD, pemOf } from '../../../ceremony/bundle/layout';
import type { Outside, Verdict } from '../../../ceremony/bundle/verify';
import { WAIVABLE } from '../../../ceremony/plan/waivable';
import type { Step } from '../../../ceremony/plan/schema';
import type { JsonObject } from '../../../ceremony/canonical-json';
import { timestampRequest } from '../../../ceremony/bundle/timestamp-request';
import { readTimestamp } from '../../../ceremony/bundle/timestamp-token';
import { checkpointFiles } from '../../../ceremony/transcript/checkpoint';
import { cosignatureFact, lastCheckpoint, sha256 as fileSha256, writeAddendum } from '../addendum-maker';
import { makeBundle, type Variation } from '../software-ceremony';
import { TimeStampingAuthority } from '../time-stamping';
import { folderAt, removeDirectory, temporaryDirectory } from '../temp-folder';
import { EMPTY, linesOf, readFiles, replaced, text, withSums, without, type Files } from './bundle-files';
import { envelopesRight } from './hashes-right';
import { exceptionLines, exceptionSigners, raisedLine } from './exception-lines';
import { looseLines, said, type Forgery, type LooseLine } from './forgery';
import { signedAgain } from './insider';

/** A bundle, what is given from outside, and the verdict; null where only agreement is held. */
export interface Truthful {
  readonly name: string;
  readonly make: () => Promise<Files>;
  readonly verdict: Verdict | null;
  readonly outside?: Outside;
}

/** The software ceremony with a variation, in memory. */
export async function softwareBundle(variation: Variation = {}): Promise<Files> {
  const directory = await temporaryDirectory();
  try {
    await makeBundle(folderAt(directory), variation);
    return await readFiles(directory);
  } finally {
    await removeDirectory(directory);
  }
}

/** The same with two addenda: a receipt and a timestamp, then a cosignature and a correction. */
export async function addendaBundle(variation: Variation = {}): Promise<Files> {
  const [directory, keys] = [await temporaryDirectory(), await temporaryDirectory()];
  try {
    const folder = folderAt(directory);
    const made = await makeBundle(folder, variation);
    const closed = await lastCheckpoint(folder);
    const package_ = 'packages/root-key.keypackage.json';
    const receipt = JSON.stringify(receiptFor(closed.ceremony, fileSha256(await folder.read(package_))));
    const authority = await TimeStampingAuthority.make(keys);
    const token = await authority.answer(timestampRequest(await folder.read(checkpointFiles(closed.number).body)));
    const genTime = readTimestamp(token)?.genTime ?? '';
    const named = (name: string, content: Uint8Array | string) => [
      { name: `addenda/0001/attachments/${name}`, sha256: fileSha256(Buffer.from(content)) },
    ];
    const root = await writeAddendum(folder, made, closed, null, {
      facts: [
        {
          fact: 'receipt',
          value: {
            package: { name: package_, sha256: fileSha256(await folder.read(package_)) },
            text: 'It came back.',
          },
          files: named('receipt.json', receipt),
        },
        {
          fact: 'timestamp',
          value: { checkpoint: closed.sha256, genTime, text: 'Of an authority.' },
          files: named('answer.tsr', token),
        },
      ],
      files: { 'attachments/receipt.json': receipt, 'attachments/answer.tsr': token },
    });
    const correction = { fact: 'correction', value: { line: 3, text: 'It was a Tuesday.' }, files: [] };
    const facts = [cosignatureFact(made, closed, 'wanda'), correction];
    await writeAddendum(folder, made, closed, root, { number: 2, facts });
    return await readFiles(directory);
  } finally {
    await removeDirectory(directory);
    await removeDirectory(keys);
  }
}

function receiptFor(ceremony: string, sha256: string): JsonObject {
  return {
    format: 'keyrite-receipt/1',
    ceremony,
    package: { sha256 },
    target: 'ibm-key-protect',
    service: { instance: 'a-b', region: 'us-south' },
    purpose: { do: 'create', name: 'root key' },
    publicKeySha256: 'a'.repeat(64),
    key: { id: 'abc', version: null },
    outcome: 'accepted',
    at: '2026-11-25T08:00:00.000Z',
    response: { status: 201, sha256: 'a'.repeat(64), correlation: 'x' },
    signature: null,
  };
}

/** All of them, over the bundle of a real rehearsal and the software ceremony's. */
export function* truthful(rehearsal: Files, software: Files): Generator<Truthful> {
  yield* fromOutside(rehearsal, 'the rehearsal');
  yield* fromOutside(software, 'the software ceremony');
  yield* whole(rehearsal, software);
  yield* departures(rehearsal);
  yield* underWay(rehearsal, software);
  yield* dispensable(rehearsal);
}

function now(name: string, verdict: Verdict | null, make: () => Files, outside?: Outside): Truthful {
  const later = (): Promise<Files> => Promise.resolve(make());
  return { name, verdict, make: later, ...(outside === undefined ? {} : { outside }) };
}

function* fromOutside(files: Files, name: string): Generator<Truthful> {
  const opening = looseLines(files)[0]?.body ?? {};
  const planHash = (opening['plan'] as { readonly sha256: string }).sha256;
  const approvers = [...files.keys()].flatMap((one) => /^approvals\/(.*)\.dsse\.json$/.exec(one)?.[1] ?? []);
  const roster = opening['roster'] as unknown as readonly {
    readonly id: string;
    readonly key: { readonly spki: string };
  }[];
  const keyOf = (id: string): string => pemOf(roster.find((one) => one.id === id)?.key.spki ?? '');
  const keys = approvers.map(keyOf);
  const stranger = keyOf(roster.find(({ id }) => !approvers.includes(id))?.id ?? '');
  const put = (what: string, verdict: Verdict, outside: Outside): Truthful =>
    now(`${name}, given ${what}`, verdict, () => files, outside);
  yield put('the plan hash', 'verified', { planHash });
  yield put('the plan hash in upper case', 'verified', { planHash: planHash.toUpperCase() });
  for (const [place, id] of approvers.entries())
    yield put(`the key of ${id}`, 'verified', { approverKeys: keys.slice(place, place + 1) });
  yield put('the keys of all approvers', 'verified', { approverKeys: keys });
  yield put('the plan hash and the keys of all approvers', 'verified', { planHash, approverKeys: keys });
  yield put('another plan hash', 'refused', { planHash: '1'.repeat(64) });
  yield put('the key of somebody who approved nothing', 'refused', { approverKeys: [stranger] });
  yield put('a right key and a wrong one', 'refused', { approverKeys: [...keys, stranger] });
  yield put('the right plan hash and a wrong key', 'refused', { planHash, approverKeys: [stranger] });
}

function* whole(rehearsal: Files, software: Files): Generator<Truthful> {
  yield now('the rehearsal', 'consistent', () => rehearsal);
  yield now('the software ceremony', 'consistent', () => software);
  for (const undetermined of [0, 1, 'neither'] as const)
    yield {
      name: `two acts on one state left undetermined, applied: ${String(undetermined)}`,
      verdict: 'consistent',
      make: () => softwareBundle({ undetermined }),
    };
  yield {
    name: 'a software ceremony in production',
    verdict: 'consistent',
    make: () => softwareBundle({ mode: 'production' }),
  };
  yield {
    name: 'a software ceremony, the same each time',
    verdict: 'consistent',
    make: () => softwareBundle({ reproducible: true }),
  };
  const planHash = (looseLines(rehearsal)[0]?.body['plan'] as { readonly sha256: string }).sha256;
  for (const cast of ['one', 'two']) {
    // Invented people are consistent by their own word. A plan hash says what was done, and nothing of who did it.
    yield now(`the rehearsal with invented people, ${cast}`, 'consistent', () => signedAgain(rehearsal, { cast }));
    yield now(`the same, given the plan hash, ${cast}`, 'verified', () => signedAgain(rehearsal, { cast }), {
      planHash,
    });
  }
  yield now('a signature with the other s, which holds as well', 'consistent', () => withOtherS(rehearsal));
  yield now('a report of other content, its sum right', 'consistent', () =>
    withSums(replaced(rehearsal, 'report.html', Buffer.from('<p>Other.'))),
  );
  yield now('a report in PDF, its sum right', 'consistent', () =>
    withSums(replaced(rehearsal, 'report.pdf', Buffer.from('%PDF'))),
  );
  yield now('without a report and without verify.sh, the sums right', 'consistent', () =>
    withSums(without(rehearsal, (name) => name === 'report.html' || name === 'verify.sh')),
  );
}

/** The last checkpoint's signature (r, s) as (r, n - s): the format allows a high s. */
function withOtherS(files: Files): Files {
  const name = [...files.keys()].filter((one) => one.endsWith('.sig')).at(-1) ?? '';
  const body = Buffer.from(files.get(name) ?? EMPTY).subarray(2);
  const r = body.subarray(0, 2 + (body[1] ?? 0));
  const s = BigInt(`0x${body.subarray(r.length + 2).toString('hex')}`);
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const digits = (order - s).toString(16);
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  const other = Buffer.from(Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even, 'hex');
  const content = Buffer.concat([r, Buffer.from([2, other.length]), other]);
  return envelopesRight(replaced(files, name, Buffer.concat([Buffer.from([0x30, content.length]), content])));
}

/** People departed from the plan, and two of them signed for it. */
function* departures(files: Files): Generator<Truthful> {
  const steps = (JSON.parse(text(files.get('plan.json') ?? EMPTY)) as { readonly steps: readonly Step[] }).steps;
  const lines = looseLines(files);
  const put = (
    name: string,
    verdict: Verdict | null,
    change: NonNullable<Forgery['lines']>,
    more: () => Forgery = () => ({}),
  ): Truthful => now(name, verdict, () => signedAgain(files, { ...more(), lines: change }));
  for (const { id, action } of steps) {
    if (!WAIVABLE.includes(action)) continue;
    yield put(`step ${id} skipped by an exception`, 'consistent', (all) => {
      const first = all.findIndex(({ step }) => step === id);
      return all
        .filter(({ step }) => step !== id)
        .toSpliced(first, 0, ...exceptionLines(files, id, 'step-skipped', all[first]?.at ?? ''));
    });
    yield put(`step ${id} skipped after it began`, 'consistent', (all) => {
      const first = all.findIndex(({ step }) => step === id);
      const start = all[first];
      const skip = exceptionLines(files, id, 'step-skipped', start?.at ?? '');
      return all
        .filter(({ step }) => step !== id)
        .toSpliced(first, 0, ...(start === undefined ? [] : [start]), ...skip);
    });
  }
  const rollCall = steps.find(({ action }) => action === 'roll-call')?.id ?? '';
  const within = (all: readonly LooseLine[], added: (at: string) => readonly LooseLine[]): readonly LooseLine[] => {
    const place = all.findIndex(({ step }) => step === rollCall) + 1;
    return all.toSpliced(place, 0, ...added(all[place]?.at ?? ''));
  };
  for (const kind of ['other', 'materials', 'preflight', 'readback-skipped']) {
    yield put(`an exception of the kind ${kind}`, 'consistent', (all) =>
      within(all, (at) => exceptionLines(files, rollCall, kind, at)),
    );
  }
  yield put(
    'an exception of the kind clock, and the clock set back',
    'consistent',
    (all) => {
      const place = all.findIndex(({ step }) => step === rollCall) + 1;
      const back = (at: string): string => new Date(Date.parse(at) - 3_600_000).toISOString();
      const exception = exceptionLines(files, rollCall, 'clock', back(all[place]?.at ?? ''));
      return [
        ...all.slice(0, place),
        ...exception,
        ...all.slice(place).map((line) => ({ ...line, at: back(line.at) })),
      ];
    },
    () => ({ times: 'as given' }),
  );
  const last = lines.filter(({ type }) => type === 'participant.present').at(-1);
  yield put('an exception of the kind people, and somebody missing at roll call', null, (all) => {
    const gone = said(last?.body['participant']);
    const rest = all
      .filter((line) => line.body['participant'] !== gone)
      .map((line) => ({ ...line, by: line.by.filter((id) => id !== gone) }));
    const relaxed = ['roll-call', 'statement'].flatMap((action) => steps.filter((step) => step.action === action));
    return relaxed.reduce<readonly LooseLine[]>((so, { id }) => {
      const place = so.findIndex(({ step }) => step === id) + 1;
      return so.toSpliced(place, 0, ...exceptionLines(files, id, 'people', so[place]?.at ?? ''));
    }, rest);
  });
  yield put('somebody confirms twice', 'consistent', (all) => {
    const place = all.findIndex(({ type }) => type === 'step.confirmed');
    return all.toSpliced(place, 0, ...all.slice(place, place + 1));
  });
  const raised = {
    step: rollCall,
    kind: 'other',
    expected: 'As planned.',
    happened: 'Otherwise.',
    decided: 'To go on.',
  };
  yield put('an exception raised, and signed afterwards', 'consistent', (all) => {
    const place = all.findIndex(({ step }) => step === rollCall) + 1;
    const at = all[place]?.at ?? '';
    return all.toSpliced(place, 0, ...exceptionLines(files, rollCall, 'other', at));
  });
  yield put('an exception raised, and never signed', 'refused', (all) => within(all, (at) => [raisedLine(at, raised)]));
  yield put('the ceremony abandoned', 'incomplete', (all) =>
    all.map((line) =>
      line.type === 'ceremony.closed' ? { ...line, body: { ...line.body, outcome: 'abandoned' } } : line,
    ),
  );
  const [, witness] = exceptionSigners(files);
  yield put(
    'somebody leaves and comes back',
    'consistent',
    (all) => {
      const at = all.at(-1)?.at ?? '';
      const proof = all.find((line) => line.type === 'participant.present' && line.body['participant'] === witness);
      const left: LooseLine = {
        at,
        type: 'participant.left',
        step: null,
        by: [],
        salt: 'c'.repeat(32),
        body: { participant: witness, reason: 'Lunch.' },
      };
      return proof === undefined ? all : all.toSpliced(-1, 0, left, { ...proof, at, step: null, salt: 'd'.repeat(32) });
    },
    withFreshNonces,
  );
}

/** A proof of presence given a second time has another nonce. */
function withFreshNonces(): Forgery {
  const used = new Set<string>();
  return {
    sign: (one) => {
      const nonce = one.payload['nonce'];
      if (typeof nonce !== 'string') return one;
      const fresh = used.has(nonce) ? 'f'.repeat(64) : nonce;
      used.add(fresh);
      return { payload: { ...one.payload, nonce: fresh }, signers: one.signers };
    },
  };
}

/** What is left of a ceremony that was broken off, at any line, or whose export did not finish. */
function* underWay(rehearsal: Files, software: Files): Generator<Truthful> {
  const count = linesOf(rehearsal).length;
  for (let end = 1; end < count; end += 9) {
    const cut = (): Files => brokenOff(rehearsal, end);
    yield now(`the rehearsal broken off after ${String(end)} lines`, 'incomplete', cut);
    if (end % 2 === 0) continue;
    yield now(`the rehearsal broken off within line ${String(end)}`, 'incomplete', () =>
      replaced(cut(), TRANSCRIPT, Buffer.concat([cut().get(TRANSCRIPT) ?? EMPTY, Buffer.from('{"at":"2026-')])),
    );
  }
  for (const stopBefore of ['roll-call', 'inventory', 'halfway', 'commit', 'export']) {
    yield {
      name: `the software ceremony stopped before ${stopBefore}`,
      verdict: 'incomplete',
      make: () => softwareBundle({ stopBefore }),
    };
  }
  const unsummed = without(rehearsal, (name) => name === SUMS);
  yield now('an export without sums', 'incomplete', () => unsummed);
  yield now('an export without sums and kit', 'incomplete', () =>
    without(rehearsal, (name) => OUTSIDE_RECORD.includes(name)),
  );
  yield now('an empty folder that a crash left', 'incomplete', () => replaced(unsummed, 'attachments/', EMPTY));
  for (const files of [rehearsal, software]) {
    const stem =
      [...files.keys()].flatMap((name) => /^(checkpoints\/\d{4})\.checkpoint$/.exec(name)?.[1] ?? []).at(-1) ?? '';
    const open = without(files, (name) => name === SUMS);
    const who = files === rehearsal ? 'the rehearsal' : 'the software ceremony';
    yield now(`${who} without its last checkpoint`, 'incomplete', () => without(open, (name) => name.startsWith(stem)));
    yield now(`${who} with its last checkpoint unsigned`, 'incomplete', () =>
      without(open, (name) => name.startsWith(stem) && !name.endsWith('.checkpoint')),
    );
    const first = [...files.keys()].find((name) => name.startsWith(stem) && name.endsWith('.sig'));
    yield now(`${who} with its last checkpoint signed by one`, 'incomplete', () =>
      without(open, (name) => name.startsWith(stem) && !name.endsWith('.checkpoint') && name !== first),
    );
  }
}

/** The record as it stood after so many lines, with the files that were there. */
export function brokenOff(files: Files, end: number): Files {
  const cut = signedAgain(files, { lines: (lines) => lines.slice(0, end) });
  const named = new Set(
    looseLines(cut)
      .flatMap(({ body }) => (body['files'] as unknown as readonly { readonly name: string }[] | undefined) ?? [])
      .map(({ name }) => name),
  );
  return without(
    cut,
    (name) => OUTSIDE_RECORD.includes(name) || (/^(?:attachments|packages)\//.test(name) && !named.has(name)),
  );
}

/** Lines that today's rules do without, left out: whatever the verdict, it is one. */
function* dispensable(files: Files): Generator<Truthful> {
  for (const [at, line] of looseLines(files).entries()) {
    if (line.type !== 'fact.recorded' && line.type !== 'step.confirmed') continue;
    yield now(`line ${String(at)} (${describe(line)}) left out, signed again`, null, () =>
      signedAgain(files, { lines: (lines) => lines.toSpliced(at, 1) }),
    );
  }
}

function describe({ type, step, body }: LooseLine): string {
  return `${type} ${said(body['fact'])} of ${String(step)}`;
}
