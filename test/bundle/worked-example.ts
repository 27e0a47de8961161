/** The worked example of docs/evidence-format.md, made from the code, the same each time. */
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { keyFile, pemOf } from '../../ceremony/bundle/layout';
import { formatSums } from '../../ceremony/bundle/sums';
import { PAYLOAD_TYPES, preAuthenticationEncoding } from '../../ceremony/command/dsse';
import type { BundleFolder } from '../../ceremony/engine/ports';
import { checkpointBody, checkpointEnvelopeFile, checkpointFiles } from '../../ceremony/transcript/checkpoint';
import type { Draft } from '../../ceremony/transcript/line';
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
  ].join('\n\n');
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
