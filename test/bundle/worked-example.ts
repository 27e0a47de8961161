/** The worked example of docs/evidence-format.md, made from the code, the same each time. */
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { keyFile, pemOf } from '../../ceremony/bundle/layout';
import { formatSums } from '../../ceremony/bundle/sums';
import { canonicalJson } from '../../ceremony/canonical-json';
import { PAYLOAD_TYPES, preAuthenticationEncoding, type Envelope } from '../../ceremony/command/dsse';
import { stateSha256, type UnitState } from '../../ceremony/command/unit-state';
import type { BundleFolder } from '../../ceremony/engine/ports';
import { checkpointBody, checkpointEnvelopeFile, checkpointFiles } from '../../ceremony/transcript/checkpoint';
import type { Draft, Line } from '../../ceremony/transcript/line';
import { consistencyRanges, inclusionRanges } from '../../ceremony/transcript/proof';
import { leafHash, nodeHash, treeHash } from '../../ceremony/transcript/merkle';
import { TranscriptWriter } from '../../ceremony/transcript/writer';
import { hexGroups, words } from '../../ceremony/words';
import { makeBundle, seededBytes } from './software-ceremony';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const block = (content: string): string => `\`\`\`\n${content.trimEnd()}\n\`\`\``;

/** The section between the marks of the page, made in two empty folders. */
export async function workedExample(small: BundleFolder, whole: BundleFolder): Promise<string> {
  const seed = createHash('sha256').update('keyrite worked example').digest();
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64');
  let ms = Date.parse('2026-11-23T10:15:00.000Z');
  const clock = { now: (): string => new Date((ms += 1000)).toISOString() };
  const writer = await TranscriptWriter.create(small, clock, seededBytes('worked example'));
  for (const draft of drafts(spki)) await writer.append(draft);
  const lines = Buffer.from(await small.read('transcript.jsonl'))
    .toString('utf8')
    .split('\n')
    .slice(0, -1);
  const [first, second, third] = lines.map((line) => leafHash(Buffer.from(line)));
  if (first === undefined || second === undefined || third === undefined) throw new Error('three lines were written');
  const node = nodeHash(first, second);
  const root = treeHash(lines.map((line) => Buffer.from(line)));
  const body = checkpointBody({ mode: 'rehearsal', id: 'example', size: 3, root: hex(root) });
  const message = preAuthenticationEncoding(PAYLOAD_TYPES.checkpoint, body);
  const signature = sign(null, message, key);
  const envelope = checkpointEnvelopeFile(body, new Map([['ada', signature]]));
  const names = checkpointFiles(1);
  const pem = Buffer.from(pemOf(spki));
  const sums = formatSums(
    new Map([
      ['transcript.jsonl', sha256(await small.read('transcript.jsonl'))],
      [keyFile('ada'), sha256(pem)],
      [names.body, sha256(body)],
      [names.envelope, sha256(envelope)],
      [names.signature('ada'), sha256(signature)],
    ]),
  );
  const made = await makeBundle(whole, { reproducible: true });
  const wholeBody = Buffer.from(await whole.read(checkpointFiles(2).body)).toString('utf8');
  return [
    "Ada's Ed25519 key has the private seed (for trying out only), and the file `keys/ada.pem`:",
    block(`${hex(seed)}\n\n${pem.toString('utf8')}`),
    '`transcript.jsonl`:',
    block(lines.join('\n')),
    'Hashes. The chain: SHA-256 of each line, which is `prev` of the next. The tree: leaves, the node over the first two, the root.',
    block(
      [
        ...lines.map((line, place) => `line ${String(place)}          ${sha256(Buffer.from(line))}`),
        ...[first, second, third].map((leaf, place) => `leaf ${String(place)}          ${hex(leaf)}`),
        `node 0..1       ${hex(node)}`,
        `root 0..2       ${hex(root)}`,
      ].join('\n'),
    ),
    'The root for reading aloud, in groups and in the PGP word list (the word of a byte at an even place has two syllables, at an odd place three):',
    block(`${hexGroups(hex(root))}\n${words(root)}`),
    '`checkpoints/0001.checkpoint`:',
    block(Buffer.from(body).toString('utf8')),
    'What Ada signs, as hex, and its SHA-256:',
    block(`${(hex(message).match(/.{1,96}/g) ?? []).join('\n')}\n\n${sha256(message)}`),
    '`checkpoints/0001.ada.sig`, as hex:',
    block((hex(signature).match(/.{1,64}/g) ?? []).join('\n')),
    '`checkpoints/0001.dsse.json`:',
    block(Buffer.from(envelope).toString('utf8')),
    '`SHA256SUMS`, were these all the files:',
    block(sums),
    'A whole bundle to compare a verifier with is made by `makeBundle(folder, { reproducible: true })` of ' +
      '`test/bundle/software-ceremony.ts`, the same bytes each time: 12 steps, signed commands, an exception, a retried act. ' +
      'Its plan hash, number of lines and last checkpoint:',
    block(`${made.planHash}\n${String(made.lines.length)}\n${wholeBody}`),
    ...(await fromTheWhole(whole)),
  ].join('\n\n');
}

/** What the small transcript has no place for, taken from the whole bundle. */
async function fromTheWhole(whole: BundleFolder): Promise<readonly string[]> {
  const bytes = Buffer.from(await whole.read('transcript.jsonl'))
    .toString('utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => Buffer.from(line));
  const lines = bytes.map((line) => JSON.parse(line.toString('utf8')) as Line);
  const present = found(lines, (line) => line.type === 'participant.present');
  const excepted = found(lines, (line) => line.type === 'exception.recorded');
  const made = found(lines, (line) => line.type === 'step.outcome' && (line.body.act ?? '').endsWith('/identity'));
  const commanded = found(lines, (line) => line.type === 'step.intent' && line.body.command !== null);
  if (present.type !== 'participant.present' || excepted.type !== 'exception.recorded') throw new Error('no such line');
  if (made.type !== 'step.outcome' || commanded.type !== 'step.intent' || commanded.body.command === null) {
    throw new Error('no such line');
  }
  const { id, spki, state } = made.body.result as {
    readonly id: string;
    readonly spki: string;
    readonly state: UnitState;
  };
  const payload = (sealed: Envelope): Buffer => Buffer.from(sealed.payload, 'base64');
  const pae = (sealed: Envelope): string =>
    hex(preAuthenticationEncoding(sealed.payloadType, payload(sealed)))
      .match(/.{1,96}/g)
      ?.join('\n') ?? '';
  const [early] = Buffer.from(await whole.read(checkpointFiles(1).body))
    .toString('utf8')
    .split('\n')
    .slice(1);
  const [from, to] = [Number(early), lines.length];
  const hashes = (ranges: readonly (readonly [number, number])[]): string =>
    ranges
      .map(([start, end]) => `${String(start)}..${String(end - 1)}`.padEnd(8) + hex(treeHash(bytes.slice(start, end))))
      .join('\n');
  const signed = (sealed: Envelope): string =>
    sealed.signatures.map(({ keyid, sig }) => `${keyid.padEnd(6)}${sig}`).join('\n');
  return [
    `More of that bundle. Line ${String(present.seq)}, a proof of presence: its payload, what is signed as hex, and the signature. ` +
      '`line0` is the SHA-256 of line 0, `head` the `prev` of the line:',
    block(
      `${payload(present.body.proof).toString('utf8')}\n\n${pae(present.body.proof)}\n\n${signed(present.body.proof)}`,
    ),
    `Line ${String(excepted.seq)}, an exception: its payload, and its two signatures:`,
    block(`${payload(excepted.body.record).toString('utf8')}\n\n${signed(excepted.body.record)}`),
    `Line ${String(made.seq)} makes a unit. The key of its identity, the unit's id (the SHA-256 of that key), the state that it begins in, and the SHA-256 of that:`,
    block(`${spki}\n${id}\n${canonicalJson(state)}\n${stateSha256(state)}`),
    `Line ${String(commanded.seq)}, the first signed command, acts on that state, which it names in \`previous\`: its payload, the SHA-256 of the payload (\`command\` of the state after it), and who signed:`,
    block(
      `${payload(commanded.body.command).toString('utf8')}\n${sha256(payload(commanded.body.command))}\n\n${signed(commanded.body.command)}`,
    ),
    `Inclusion of line 5 in the tree of all ${String(to)} lines: the leaf's hash, then the path from the leaf up, each with the lines it covers:`,
    block(`${hashes([[5, 6]])}\n${hashes(inclusionRanges(5, to))}`),
    `Consistency of the first checkpoint (${String(from)} lines) with the last (${String(to)}): both roots, then the path:`,
    block(
      `${hashes([
        [0, from],
        [0, to],
      ])}\n${hashes(consistencyRanges(from, to))}`,
    ),
    'First line of the checkpoint of its first addendum, had it one:',
    block('keyrite/rehearsal/software-1/addendum/0001'),
  ];
}

function found(lines: readonly Line[], is: (line: Line) => boolean): Line {
  const line = lines.find(is);
  if (line === undefined) throw new Error('the bundle has no such line');
  return line;
}

function drafts(spki: string): readonly Draft[] {
  const hashOf = (text: string): string => sha256(Buffer.from(text));
  return [
    {
      type: 'ceremony.opened',
      step: null,
      by: [],
      body: {
        format: 'keyrite-bundle/1',
        ceremony: 'example',
        mode: 'rehearsal',
        title: 'Example — 例',
        plan: { id: 'example-plan', sha256: hashOf('plan') },
        binding: { sha256: hashOf('binding') },
        app: { name: 'keyrite', version: '0.1.0', sha256: hashOf('app'), runtime: 'node' },
        roster: [
          { id: 'ada', name: 'Ada Müller', roles: ['witness'], key: { algorithm: 'ed25519', spki, holder: 'file' } },
        ],
        quorum: [{ role: 'witness', count: 1 }],
        keysFrom: 'binding',
        files: [],
      },
    },
    {
      type: 'fact.recorded',
      step: 'seals',
      by: ['ada'],
      body: { fact: 'answer', value: { asked: 'Which seal is on the safe?', answer: 'A-0042 "blue"\n' } },
    },
    {
      type: 'ceremony.closed',
      step: null,
      by: [],
      body: { outcome: 'completed', exceptions: 0, withheld: 0, signOff: 'I was there and saw this.' },
    },
  ];
}
