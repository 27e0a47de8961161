/** `keyrite addendum`: adds to a closed bundle what came after the close. */
import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { addAddendum, type AddendumPorts, type NewFact } from '../../ceremony/bundle/addendum';
import { ADDENDUM_KINDS, type AddendumKind } from '../../ceremony/bundle/addendum-line';
import { closedCheckpoint } from '../../ceremony/bundle/cosignature';
import { readEnvelopeFile } from '../../ceremony/bundle/sealed';
import { MAX_TIMESTAMP_BYTES, readTimestamp } from '../../ceremony/bundle/timestamp-token';
import { verifyBundle, type BundleSummary } from '../../ceremony/bundle/verify';
import { openPayload } from '../../ceremony/command/dsse';
import { readReceipt } from '../../ceremony/keypackage/receipt';
import { RecordError } from '../../ceremony/keypackage/read-record';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { lockBundle } from '../../workstation/bundle-lock';
import { UsageError } from '../../workstation/explain';
import { documentPrinter } from '../../workstation/report-pdf/document-printer';
import { existingFolder, readBytes } from '../../workstation/input';
import { EXIT, type ExitCode } from '../exit';
import { readSigner, signersBoundIn, withSigners, type Signing } from '../signers';
import { thisApp } from '../this-app';
import { readArguments, required, type Given } from './arguments';

/** Longest file that is attached, in bytes: what a verifier reads at most. */
const MAX_ATTACHMENT_BYTES = 64 * 1024 * 1024;
const MAX_SMALL_BYTES = 64 * 1024;

/**
 * Writes the next addendum. Exit 0 when the bundle, read back, holds with it.
 *
 * @param signing how people sign
 */
export async function addendum(args: string[], signing: Signing = withSigners): Promise<ExitCode> {
  const options = ['kind', 'file', 'timestamp', 'reason', 'text', 'line', 'signer', 'binding'];
  const given = readArguments(args, 'BUNDLE', options, ['file', 'signer']);
  const bundle = existingFolder(given.operand, 'bundle');
  const reason = required(given, 'reason');
  const signers = (given.lists['signer'] ?? []).map(readSigner);
  const lock = lockBundle(bundle);
  try {
    const folder = new FileBundleFolder(bundle);
    const { summary, verdict, findings } = await verifyBundle(folder);
    if (summary === null) {
      const [first] = findings;
      throw new UsageError(`${given.operand} is ${verdict}: ${first?.reason ?? ''}`, 'See: keyrite verify');
    }
    const fact = await factOf(given, folder, summary);
    const { ceremony, roster } = summary;
    const bound = signersBoundIn(given.options['binding'], bundle, ceremony);
    const context = { ceremony, roster, folder: bundle, bound };
    const { number, root, report } = await signing(signers, context, (sign) =>
      addAddendum({ ...station(), folder, sign }, { reason, facts: [fact], signers: signers.map(({ id }) => id) }),
    );
    process.stdout.write(
      given.json
        ? `${JSON.stringify({ number, root, verdict: report.verdict })}\n`
        : `addendum ${String(number)} added, root ${root}\n${report.verdict}\n`,
    );
    return EXIT.good;
  } finally {
    lock.release();
  }
}

/** Clock, randomness, typefaces and program of this station. */
function station(): Pick<AddendumPorts, 'clock' | 'random' | 'printer' | 'app'> {
  return {
    clock: { now: () => new Date().toISOString() },
    random: (length) => randomBytes(length),
    printer: documentPrinter,
    app: thisApp(),
  };
}

/** The fact that the options ask for. */
async function factOf(given: Given, folder: FileBundleFolder, summary: BundleSummary): Promise<NewFact> {
  const kind = kindOf(given);
  const text = given.options['text'] ?? required(given, 'reason');
  const paths = [
    ...(given.lists['file'] ?? []),
    ...(given.options['timestamp'] === undefined ? [] : [given.options['timestamp']]),
  ];
  const files = new Map(paths.map((path) => [basename(path), readBytes(path, 'file', MAX_ATTACHMENT_BYTES)]));
  if (files.size < paths.length) throw new UsageError('two files have one name', 'Rename one of them.');
  const none = new Map<string, Uint8Array>();
  switch (kind) {
    case 'attachment':
      onlyFile(paths.slice(0, 1), kind);
      return { fact: kind, value: { text }, files };
    case 'destruction':
      return { fact: kind, value: { text }, files };
    case 'correction':
      return { fact: kind, value: { line: lineOf(given), text }, files };
    case 'cosignature': {
      const envelope = readEnvelopeFile(readBytes(onlyFile(paths, kind), 'cosignature', MAX_SMALL_BYTES));
      const participant = envelope?.signatures[0]?.keyid;
      if (envelope === null || participant === undefined) {
        throw new UsageError(`${paths[0] ?? ''} is no cosignature`, 'Name the file that keyrite cosign wrote.');
      }
      openPayload(envelope);
      return { fact: kind, value: { participant, envelope, text }, files: none };
    }
    case 'timestamp': {
      const path = onlyFile(paths, kind);
      const token = readTimestamp(readBytes(path, 'timestamp', MAX_TIMESTAMP_BYTES));
      const final = summary.checkpoints.find((one) => one.final);
      if (token === null || final === undefined) {
        throw new UsageError(
          `${path} is no granted timestamp over a SHA-256`,
          'Name the answer to the .tsq file: a TimeStampResp.',
        );
      }
      const checkpoint = closedCheckpoint(summary, final).sha256;
      if (token.imprint !== checkpoint) {
        throw new UsageError(
          `${path} is a timestamp of something else than the last checkpoint`,
          'Name the right answer.',
        );
      }
      return { fact: kind, value: { checkpoint, genTime: token.genTime, text }, files };
    }
    case 'receipt': {
      const path = onlyFile(paths, kind);
      return { fact: kind, value: { package: await packageOf(path, folder), text }, files };
    }
  }
}

function kindOf(given: Given): AddendumKind {
  if (given.options['timestamp'] !== undefined) {
    if (given.options['kind'] === undefined) return 'timestamp';
    throw new UsageError('--timestamp and --kind are given', 'Give one of them.');
  }
  const wanted = required(given, 'kind');
  const kind = ADDENDUM_KINDS.find((one) => one === wanted);
  if (kind === undefined)
    throw new UsageError(`there is no addendum of kind ${wanted}`, `Kinds: ${ADDENDUM_KINDS.join(', ')}.`);
  return kind;
}

function onlyFile(paths: readonly string[], kind: string): string {
  const [path] = paths;
  if (path === undefined || paths.length > 1)
    throw new UsageError(`a ${kind} needs a file`, 'Name it with --file, once.');
  return path;
}

function lineOf(given: Given): number | null {
  const text = given.options['line'];
  if (text === undefined) return null;
  if (!/^(?:0|[1-9][0-9]{0,14})$/.test(text))
    throw new UsageError(`--line ${text} is no such line`, 'Lines count from 0.');
  return Number(text);
}

/** The key package of the bundle that a receipt is of. */
async function packageOf(path: string, folder: FileBundleFolder): Promise<{ name: string; sha256: string }> {
  const receipt = receiptIn(path);
  const sums = Buffer.from(await folder.read('SHA256SUMS'))
    .toString('utf8')
    .split('\n');
  const name = sums.find((line) => line.startsWith(`${receipt.package.sha256}  packages/`))?.slice(66);
  if (name === undefined) {
    throw new UsageError(
      `${path} is a receipt of no key package in this bundle`,
      'Find out which bundle it belongs to.',
    );
  }
  return { name, sha256: receipt.package.sha256 };
}

function receiptIn(path: string): ReturnType<typeof readReceipt> {
  try {
    return readReceipt(readBytes(path, 'receipt', MAX_SMALL_BYTES));
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    throw new UsageError(`${path}: ${error.message}`, 'Name the receipt.json that keyrite-connect upload wrote.');
  }
}
