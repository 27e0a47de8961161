/** `keyrite prove` and `keyrite check-proof`: that a line is under a checkpoint, or that a checkpoint began as another. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import {
  PAYLOAD_TYPES,
  isValidSignature,
  preAuthenticationEncoding,
  type SigningKey,
} from '../../ceremony/command/dsse';
import { TRANSCRIPT } from '../../ceremony/bundle/layout';
import {
  MAX_CHECKPOINT_BYTES,
  MAX_CHECKPOINTS,
  checkpointFiles,
  parseCheckpoint,
  type Checkpoint,
} from '../../ceremony/transcript/checkpoint';
import { leafHash } from '../../ceremony/transcript/merkle';
import {
  SubtreeHasher,
  consistencyRanges,
  inclusionRanges,
  proofFault,
  proofFile,
  readProof,
  type Proof,
} from '../../ceremony/transcript/proof';
import { splitLines } from '../../ceremony/transcript/split-lines';
import { MAX_BYTES } from '../../ceremony/canonical-json';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { UsageError } from '../../workstation/explain';
import { existingFolder, readBytes, readText } from '../../workstation/input';
import { writeNewFile } from '../../workstation/output-file';
import { EXIT, type ExitCode } from '../exit';
import { readArguments, required, type Given } from './arguments';

/** Longest signature file that is read, in bytes. */
const MAX_SIGNATURE_BYTES = 2048;

/** Writes a proof file. The line's bytes go in with `--with-line`; without, the proof discloses its hash alone. */
export async function prove(args: string[]): Promise<ExitCode> {
  const disclose = args.includes('--with-line');
  const options = ['line', 'checkpoint', 'from', 'to', 'out'];
  const given = readArguments(
    args.filter((one) => one !== '--with-line'),
    'BUNDLE',
    options,
  );
  const bundle = new FileBundleFolder(existingFolder(given.operand, 'bundle'));
  const out = required(given, 'out');
  const line = given.options['line'];
  const proof =
    line === undefined ? await proveConsistency(bundle, given) : await proveInclusion(bundle, given, disclose);
  writeNewFile(out, proofFile(proof));
  process.stdout.write(given.json ? `${JSON.stringify({ out, kind: proof.kind })}\n` : `${out}\n`);
  return EXIT.good;
}

/** Checks a proof file against checkpoints in hand, and with `--key` a signature on the later of them. */
export function checkProof(args: string[]): ExitCode {
  const given = readArguments(args, 'PROOF', ['checkpoint', 'key', 'signature'], ['checkpoint']);
  const proof = readProof(readBytes(given.operand, 'proof', MAX_BYTES + 1));
  const files = given.lists['checkpoint'] ?? [];
  if (files.length === 0) throw new UsageError('--checkpoint is missing', 'Name the checkpoint that you know.');
  const checkpoints = files.map((path) => readBytes(path, 'checkpoint', MAX_CHECKPOINT_BYTES));
  const fault =
    proof === null
      ? 'it is not a proof in its exact form'
      : (proofFault(proof, checkpoints) ?? signatureFaultOf(given, checkpoints));
  if (given.json) process.stdout.write(`${JSON.stringify({ holds: fault === null, fault, proof })}\n`);
  else
    process.stdout.write(
      fault === null && proof !== null ? `${inWords(proof)}\n` : `the proof does not hold: ${fault ?? ''}\n`,
    );
  return fault === null ? EXIT.good : EXIT.findings;
}

async function proveInclusion(bundle: FileBundleFolder, given: Given, disclose: boolean): Promise<Proof> {
  const line = wholeNumber(given, 'line', 0, Number.MAX_SAFE_INTEGER);
  const { checkpoint, origin } = await checkpointOf(bundle, given, 'checkpoint');
  if (line >= checkpoint.size) {
    throw new UsageError(
      `line ${String(line)} is not under that checkpoint, which covers ${String(checkpoint.size)} lines`,
      'Lines count from 0; name a later checkpoint.',
    );
  }
  const hasher = new SubtreeHasher(inclusionRanges(line, checkpoint.size), [checkpoint.size]);
  let bytes: Uint8Array = new Uint8Array();
  await takeLines(bundle, hasher, checkpoint.size, (leaf, place) => {
    if (place === line) bytes = Buffer.from(leaf);
  });
  refuseOtherRoot(hasher, checkpoint);
  const { size, root } = checkpoint;
  return {
    format: 'keyrite-proof/1',
    kind: 'inclusion',
    origin,
    size,
    root,
    line,
    leaf: Buffer.from(leafHash(bytes)).toString('hex'),
    path: [...hasher.hashes()],
    ...(disclose ? { bytes: Buffer.from(bytes).toString('base64') } : {}),
  };
}

async function proveConsistency(bundle: FileBundleFolder, given: Given): Promise<Proof> {
  required(given, 'from');
  const from = await checkpointOf(bundle, given, 'from');
  const to = await checkpointOf(bundle, given, 'to');
  if (from.checkpoint.size > to.checkpoint.size) {
    throw new UsageError('--from names a later checkpoint than --to', 'Name the earlier one first.');
  }
  const sizes = [from.checkpoint.size, to.checkpoint.size] as const;
  const hasher = new SubtreeHasher(consistencyRanges(...sizes), sizes);
  await takeLines(bundle, hasher, to.checkpoint.size, () => undefined);
  refuseOtherRoot(hasher, from.checkpoint);
  refuseOtherRoot(hasher, to.checkpoint);
  const brief = ({ size, root }: Checkpoint): { size: number; root: string } => ({ size, root });
  return {
    format: 'keyrite-proof/1',
    kind: 'consistency',
    origin: to.origin,
    from: brief(from.checkpoint),
    to: brief(to.checkpoint),
    path: [...hasher.hashes()],
  };
}

/** Line by line, to the last one that counts. */
async function takeLines(
  bundle: FileBundleFolder,
  hasher: SubtreeHasher,
  size: number,
  watch: (leaf: Uint8Array, place: number) => void,
): Promise<void> {
  let place = 0;
  for await (const leaf of splitLines(bundle.open(TRANSCRIPT))) {
    if (place === size) return;
    hasher.append(leaf);
    watch(leaf, place);
    place += 1;
  }
}

function refuseOtherRoot(hasher: SubtreeHasher, { size, root }: Checkpoint): void {
  if (hasher.root(size) === root) return;
  throw new UsageError(
    `the transcript does not give the root of its checkpoint of ${String(size)} lines`,
    'Nothing can be proved of a bundle that does not hold. See: keyrite verify',
  );
}

/** A checkpoint by the number that an option gives; without one, the last. */
async function checkpointOf(
  bundle: FileBundleFolder,
  given: Given,
  option: string,
): Promise<{ readonly checkpoint: Checkpoint; readonly origin: string }> {
  const names = await bundle.list();
  const count = names.filter((name) => /^checkpoints\/\d{4}\.checkpoint$/.test(name)).length;
  const number = given.options[option] === undefined ? count : wholeNumber(given, option, 1, MAX_CHECKPOINTS);
  const name = number === 0 ? '' : checkpointFiles(number).body;
  if (!names.includes(name)) {
    throw new UsageError(`the bundle has no checkpoint ${String(number)}`, `It has ${String(count)}, from 1.`);
  }
  if ((await bundle.size(name)) > MAX_CHECKPOINT_BYTES) throw unreadable(name);
  const checkpoint = parseCheckpoint(await bundle.read(name));
  if (checkpoint === null || checkpoint.size === 0) throw unreadable(name);
  return { checkpoint, origin: `keyrite/${checkpoint.mode}/${checkpoint.id}` };
}

function unreadable(name: string): UsageError {
  return new UsageError(`${name} is not a checkpoint in its exact form`, 'See: keyrite verify');
}

function wholeNumber(given: Given, option: string, least: number, most: number): number {
  const text = required(given, option);
  const value = /^(?:0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : -1;
  if (value < least || value > most)
    throw new UsageError(`--${option} ${text} is no such number`, 'Give a whole number.');
  return value;
}

/** What is wrong with the signature on the later checkpoint; null when it holds, or none is to be checked. */
function signatureFaultOf(given: Given, checkpoints: readonly Uint8Array[]): string | null {
  const [keyPath, signaturePath] = [given.options['key'], given.options['signature']];
  if (keyPath === undefined && signaturePath === undefined) return null;
  if (keyPath === undefined || signaturePath === undefined) {
    throw new UsageError('--key and --signature go together', 'Name both, or neither.');
  }
  const key = publicKeyIn(readText(keyPath, 'public key in PEM'), keyPath);
  const signature = readBytes(signaturePath, 'signature', MAX_SIGNATURE_BYTES);
  const message = preAuthenticationEncoding(PAYLOAD_TYPES.checkpoint, checkpoints.at(-1) ?? new Uint8Array());
  return isValidSignature(key, message, signature) ? null : 'the signature on the checkpoint is not by that key';
}

const ALGORITHMS: Readonly<Record<string, SigningKey['algorithm']>> = {
  'ec prime256v1': 'ecdsa-p256-sha256',
  'ec secp384r1': 'ecdsa-p384-sha384',
  'ec secp521r1': 'ecdsa-p521-sha512',
  'rsa ': 'rsa-pss-sha256',
  'ed25519 ': 'ed25519',
};

/** A key and the one algorithm of the format that it can have. */
function publicKeyIn(pem: string, path: string): SigningKey {
  let key: KeyObject | null = null;
  try {
    key = createPublicKey(pem);
  } catch {
    // Told below, with every other file that is no key of ours.
  }
  const curve = key?.asymmetricKeyDetails?.namedCurve ?? '';
  const algorithm = ALGORITHMS[`${key?.asymmetricKeyType ?? ''} ${curve}`];
  if (key === null || !pem.includes('PUBLIC KEY') || algorithm === undefined) {
    throw new UsageError(`${path} is not a public key that signs checkpoints`, 'Name a participant’s key in PEM.');
  }
  return { algorithm, spki: key.export({ format: 'der', type: 'spki' }).toString('base64') };
}

function inWords(proof: Proof): string {
  if (proof.kind === 'consistency') {
    return `the checkpoint of ${String(proof.to.size)} lines began with the ${String(proof.from.size)} lines of the earlier one`;
  }
  const line = proof.bytes === undefined ? '' : `\n${Buffer.from(proof.bytes, 'base64').toString('utf8')}`;
  return `line ${String(proof.line)} is under the checkpoint of ${String(proof.size)} lines${line}`;
}
