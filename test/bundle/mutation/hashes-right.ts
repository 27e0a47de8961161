/**
 * Makes everything right again that needs no private key: the chain, the hashes of named files, roots and sizes of
 * checkpoints, envelopes, the key package's line, the sums. Works on lines that are no JSON too: only signatures can then
 * tell that the bundle was changed, or the rules that the change breaks.
 */
import { canonicalJson } from '../../../ceremony/canonical-json';
import { TRANSCRIPT } from '../../../ceremony/bundle/layout';
import { MerkleTree } from '../../../ceremony/transcript/merkle';
import { EMPTY, linesOf, replaced, sha256, text, withLines, withSums, type Files } from './bundle-files';

/** `prev` and `seq` made right, where the line has them. */
function inPlace(line: string, seq: number, prev: string): string {
  return line
    .replace(/"prev":"[0-9a-f]{64}"/u, `"prev":"${prev}"`)
    .replace(/"seq":\d+,"step"/u, `"seq":${String(seq)},"step"`);
}

/** Everything made right again that needs no key. */
export function hashesRight(files: Files): Files {
  const changed = new Map(packagesRight(files));
  const lines = linesOf(changed);
  const bytes = changed.get(TRANSCRIPT) ?? EMPTY;
  const torn = Buffer.from(bytes).subarray(Buffer.from(bytes).lastIndexOf(0x0a) + 1);
  const tree = new MerkleTree();
  const made: string[] = [];
  const announced = new Set<string>();
  let prev = '0'.repeat(64);
  for (const [seq, line] of lines.entries()) {
    const stem = announcedBy(line);
    if (stem !== null) {
      announced.add(stem);
      replaceRoot(changed, stem, tree);
    }
    const told = stem === null ? line : withRoot(line, tree);
    const fixed = inPlace(withNamedFiles(told, changed), seq, prev);
    prev = sha256(fixed);
    made.push(fixed);
    tree.append(Buffer.from(fixed));
  }
  const stems = [...changed.keys()].flatMap((name) => /^(checkpoints\/\d{4})\.checkpoint$/.exec(name)?.slice(1) ?? []);
  const last = stems.sort().at(-1);
  if (last !== undefined && !announced.has(last)) replaceRoot(changed, last, tree);
  const whole = withLines(changed, made);
  return withSums(
    torn.length === 0 ? whole : replaced(whole, TRANSCRIPT, Buffer.concat([whole.get(TRANSCRIPT) ?? EMPTY, torn])),
  );
}

/** The sums made right, and envelopes of checkpoints that follow from their files. */
export function envelopesRight(files: Files): Files {
  const changed = new Map(files);
  for (const name of files.keys()) {
    const stem = /^(checkpoints\/\d{4})\.checkpoint$/.exec(name)?.[1];
    if (stem !== undefined && files.has(`${stem}.dsse.json`))
      changed.set(`${stem}.dsse.json`, envelopeOf(changed, stem));
  }
  return withSums(changed);
}

/** The envelope file of a checkpoint, from its body and `.sig` files. */
export function envelopeOf(files: Files, stem: string): Uint8Array {
  const signatures = [...files]
    .filter(([name]) => name.startsWith(`${stem}.`) && name.endsWith('.sig'))
    .map(([name, content]) => ({
      keyid: name.slice(stem.length + 1, -4),
      sig: Buffer.from(content).toString('base64'),
    }))
    .sort((left, right) => (left.keyid < right.keyid ? -1 : 1));
  const payload = Buffer.from(files.get(`${stem}.checkpoint`) ?? EMPTY).toString('base64');
  const payloadType = 'application/vnd.keyrite.checkpoint';
  return Buffer.from(`${canonicalJson({ payload, payloadType, signatures })}\n`);
}

/** Stem of the checkpoint's files that a line announces; null for another line. */
function announcedBy(line: string): string | null {
  if (!line.includes('"type":"checkpoint.made"')) return null;
  const number = /"number":(\d{1,4}),/u.exec(line)?.[1];
  return number === undefined ? null : `checkpoints/${number.padStart(4, '0')}`;
}

function replaceRoot(files: Map<string, Uint8Array>, stem: string, tree: MerkleTree): void {
  const body = files.get(`${stem}.checkpoint`);
  if (body === undefined) return;
  const [origin = ''] = text(body).split('\n');
  const root = Buffer.from(tree.root()).toString('base64');
  files.set(`${stem}.checkpoint`, Buffer.from(`${origin}\n${String(tree.size)}\n${root}\n`));
  if (files.has(`${stem}.dsse.json`)) files.set(`${stem}.dsse.json`, envelopeOf(files, stem));
}

function withRoot(line: string, tree: MerkleTree): string {
  return line
    .replace(/"root":"[0-9a-f]{64}"/u, `"root":"${Buffer.from(tree.root()).toString('hex')}"`)
    .replace(/"size":\d+/u, `"size":${String(tree.size)}`);
}

/** Hashes of files as they are now, wherever a line names one: plan, binding, attachments, signatures. */
function withNamedFiles(line: string, files: Files): string {
  const sum = (name: string, old: string): string => {
    const content = files.get(name);
    return content === undefined ? old : sha256(content);
  };
  return line
    .replace(
      /\{"name":"([^"]*)","sha256":"([0-9a-f]{64})"\}/gu,
      (_, name: string, old: string) => `{"name":"${name}","sha256":"${sum(name, old)}"}`,
    )
    .replace(
      /^(.*"binding":\{"sha256":")([0-9a-f]{64})(".*"format":"keyrite-bundle\/1".*)$/u,
      (_, before: string, old: string, after: string) => before + sum('binding.json', old) + after,
    )
    .replace(
      /^(.*"format":"keyrite-bundle\/1".*"plan":\{"id":"[^"]*","sha256":")([0-9a-f]{64})(".*)$/u,
      (_, before: string, old: string, after: string) => before + sum('plan.json', old) + after,
    );
}

/** Key packages with the number of the line that tells of them. */
function packagesRight(files: Files): Files {
  const at = linesOf(files).findLastIndex((line) => line.includes('"act":"make"') && line.includes('"step.outcome"'));
  if (at < 0) return files;
  return new Map(
    [...files].map(([name, content]) =>
      name.endsWith('.keypackage.json')
        ? [name, Buffer.from(text(content).replace(/"line":\d+/u, `"line":${String(at)}`))]
        : [name, content],
    ),
  );
}
