/**
 * Adds to a closed bundle what came after the close: an addendum in `addenda/NNNN/`, signed by people of the roster. The
 * closed record is not touched; reports and sums, which lie outside it, are made anew.
 */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { canonicalBytes, type Json } from '../canonical-json';
import { hex } from '../check-value';
import { PAYLOAD_TYPES, isValidSignature, preAuthenticationEncoding } from '../command/dsse';
import type { BundleFolder, Clock, RandomBytes } from '../engine/ports';
import type { Printer } from '../print/printer';
import { checkpointEnvelopeFile } from '../transcript/checkpoint';
import { MerkleTree } from '../transcript/merkle';
import { ADDENDUM_SIGN_OFF, AddendumFact, AddendumOpened, addendumCheckpoint, addendumFiles } from './addendum-line';
import { isSignedByBoth } from './check-addenda';
import { OUTSIDE_RECORD, SUMS, SUMS_UNFINISHED } from './layout';
import { replaceFile, sealAnew, unseal, writeSums } from './seal';
import { verifyBundle, type VerifyReport } from './verify';

/** A fact for an addendum, and the files that it brings by their names in `attachments/`. */
export interface NewFact {
  readonly fact: AddendumFact['fact'];
  readonly value: AddendumFact['value'];
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** What is added, and by whom. */
export interface NewAddendum {
  readonly reason: string;
  readonly facts: readonly NewFact[];
  /** Participants who sign: an operator, and a witness or auditor, at least. */
  readonly signers: readonly string[];
}

/** What is needed from the world. */
export interface AddendumPorts {
  readonly folder: BundleFolder;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Makes the reports anew, so that they tell of the addendum. */
  readonly printer: Printer;
  readonly app: AddendumOpened['app'];
  /** A participant signs a message (DSSE pre-authentication encoding): DER, or raw for PSS and Ed25519. */
  readonly sign: (participant: string, message: Uint8Array) => Promise<Uint8Array>;
}

/** The addendum was not made; the bundle is as it was. The message says why, and what to do. */
export class AddendumRefused extends Error {
  override readonly name = 'AddendumRefused';
}

/** What was written. */
export interface AddendumMade {
  readonly number: number;
  /** Tree hash over its lines, lower-case hex. */
  readonly root: string;
  /** Verdict on the whole bundle, read back. */
  readonly report: VerifyReport;
}

/**
 * Writes the next addendum of a closed bundle. Everything is composed and signed before the first file is written; when
 * the bundle, read back, does not hold, the files are removed again. What an interrupted run left is removed first; an
 * addendum that it left whole stays, and gets its reports and sums.
 *
 * @throws AddendumRefused when the bundle does not hold or is not closed, or when who signs or what is added does not fit
 */
export async function addAddendum(ports: AddendumPorts, wanted: NewAddendum): Promise<AddendumMade> {
  const { folder } = ports;
  await removeUnfinished(folder);
  const report = await settle(ports, await verifyBundle(folder, {}));
  const number = report.summary === null ? 1 : report.summary.addenda.length + 1;
  const about = openingOf(report, number, ports.app, wanted.reason);
  const roster = report.summary?.roster ?? [];
  if (!isSignedByBoth(wanted.signers, roster)) {
    throw new AddendumRefused(
      'An addendum is signed by a crypto administrator and by a witness or auditor of this ceremony. Nothing was added.\n' +
        'Name both, each with their key.',
    );
  }
  const files = new Map<string, Uint8Array>();
  const names = addendumFiles(number);
  const lines = compose(ports, about, wanted, report, files);
  const tree = new MerkleTree();
  for (const line of lines) tree.append(line);
  const root = hex(tree.root());
  const body = addendumCheckpoint(about, lines.length, root);
  const signatures = new Map<string, Uint8Array>();
  for (const id of [...new Set(wanted.signers)].sort()) {
    const message = preAuthenticationEncoding(PAYLOAD_TYPES.checkpoint, body);
    const signature = await ports.sign(id, message);
    const person = roster.find((one) => one.id === id);
    if (person === undefined || !isValidSignature(person.key, message, signature)) {
      throw new AddendumRefused(`The signature of ${id} does not fit their key on the roster. Nothing was added.`);
    }
    signatures.set(id, signature);
    files.set(names.signature(id), signature);
  }
  files.set(names.checkpoint, body);
  files.set(names.envelope, checkpointEnvelopeFile(body, signatures));
  // Last: an addendum without it tells of nothing.
  files.set(names.transcript, Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])));
  return { number, root, report: await write(ports, files) };
}

/** What an interrupted run left: the transcript of an addendum is written last, so a folder without one tells of nothing. */
async function removeUnfinished(folder: BundleFolder): Promise<void> {
  const names = await folder.list();
  const finished = new Set(names.filter((name) => name.endsWith('/transcript.jsonl')).map(folderOf));
  for (const name of names) {
    if (OURS.test(name) && !finished.has(folderOf(name))) await folder.remove(name);
  }
}

/**
 * A bundle whose record holds and that lacks the sums alone: an interrupted run had taken its seal off, and it is put on
 * again. All that lies outside the signed record is made anew.
 */
async function settle({ folder, printer }: AddendumPorts, report: VerifyReport): Promise<VerifyReport> {
  // SECURITY(K-171): whenever the power goes, the next run brings the bundle back to what it was, or to what was signed.
  const isUnsealed = report.missing.some(({ where }) => where === SUMS);
  const others = report.missing.filter(({ where, reason }) => !isSeal(where) && !reason.includes('abandoned'));
  if (!isUnsealed || report.verdict === 'refused' || others.length > 0) return report;
  await unseal(folder);
  await sealAnew(folder, printer);
  return verifyBundle(folder, {});
}

function isSeal(name: string): boolean {
  return name === SUMS || name === SUMS_UNFINISHED;
}

const OURS =
  /^addenda\/\d{4}\/(?:checkpoints\/(?:0001\.(?:checkpoint|dsse\.json|[a-z0-9-]+\.sig))?|attachments\/[^/]*)?$/;

function folderOf(name: string): string {
  return name.split('/').slice(0, 2).join('/');
}

function openingOf(
  { verdict, findings, missing, summary }: VerifyReport,
  number: number,
  app: AddendumOpened['app'],
  reason: string,
): AddendumOpened {
  if (verdict === 'refused' || summary === null) {
    const [first] = findings;
    throw new AddendumRefused(
      `The bundle does not hold: ${first === undefined ? 'it cannot be read' : `${first.where}: ${first.reason}`}. ` +
        'Nothing was added.\nSee: keyrite verify',
    );
  }
  const closed = summary.checkpoints.find(({ final }) => final);
  const open = missing.filter((one) => !one.reason.includes('abandoned'));
  if (closed === undefined || summary.outcome === null || (summary.outcome === 'completed' && open.length > 0)) {
    throw new AddendumRefused(
      'The ceremony is not closed, and what is added comes after the close. Nothing was added.\nSee: keyrite resume',
    );
  }
  const previous = summary.addenda.at(-1)?.root ?? null;
  const about = {
    format: 'keyrite-addendum/1' as const,
    ceremony: summary.ceremony,
    mode: summary.mode,
    number,
    closed: { size: closed.size, root: closed.root },
    previous,
    reason,
    app,
  };
  return parsed(AddendumOpened, about, 'the reason');
}

function compose(
  { clock, random }: AddendumPorts,
  about: AddendumOpened,
  wanted: NewAddendum,
  report: VerifyReport,
  files: Map<string, Uint8Array>,
): readonly Uint8Array[] {
  if (wanted.facts.length === 0) throw new AddendumRefused('An addendum tells of something. Nothing was added.');
  const names = addendumFiles(about.number);
  const by = [...new Set(wanted.signers)].sort();
  const facts = wanted.facts.map((one) => {
    const named = [...one.files].map(([name, content]) => {
      const inBundle = names.attachment(name);
      if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(name) || files.has(inBundle)) {
        throw new AddendumRefused(
          `${name} cannot be the name of an attachment, or stands twice. Nothing was added.\n` +
            'A name has letters, digits, dots, hyphens and low lines, and begins with a letter or digit.',
        );
      }
      files.set(inBundle, content);
      return { name: inBundle, sha256: createHash('sha256').update(content).digest('hex') };
    });
    return parsed(AddendumFact, { fact: one.fact, value: one.value, files: named }, `the ${one.fact}`);
  });
  const closing = { outcome: 'completed', exceptions: 0, withheld: 0, signOff: ADDENDUM_SIGN_OFF };
  const drafts: readonly (readonly [type: string, by: readonly string[], body: Json])[] = [
    ['ceremony.opened', [], about],
    ...facts.map((body) => ['fact.recorded', by, body as unknown as Json] as const),
    ['ceremony.closed', [], closing],
  ];
  const lines: Uint8Array[] = [];
  let prev = '0'.repeat(64);
  let last = report.summary?.addenda.at(-1)?.at ?? report.summary?.closedAt ?? '';
  for (const [seq, [type, who, body]] of drafts.entries()) {
    const at = clock.now();
    if (at < last) {
      throw new AddendumRefused(
        `The clock of this station says ${at}, and the record goes to ${last}. Nothing was added.\nSet the clock right.`,
      );
    }
    const salt = Buffer.from(random(16)).toString('hex');
    const line = canonicalBytes({ seq, prev, salt, at, type, step: null, by: who, body });
    lines.push(line);
    prev = createHash('sha256').update(line).digest('hex');
    last = at;
  }
  return lines;
}

async function write(
  { folder, printer }: AddendumPorts,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<VerifyReport> {
  const before = new Map<string, Uint8Array>();
  for (const name of OUTSIDE_RECORD) if (await folder.exists(name)) before.set(name, await folder.read(name));
  const written: string[] = [];
  try {
    // First: from here on the bundle is unfinished, and not wrong, until the sums are there again.
    await unseal(folder);
    for (const [name, content] of files) {
      written.push(name);
      await folder.create(name, content);
    }
    await sealAnew(folder, printer);
    const report = await verifyBundle(folder, {});
    if (report.verdict !== 'refused') return report;
    const why = report.findings.map((one) => `${one.where}: ${one.reason}`).join('; ');
    throw new AddendumRefused(`Read back, the addendum does not hold: ${why}. It was removed again.`);
  } catch (error) {
    await unseal(folder);
    const outside = OUTSIDE_RECORD.filter((name) => name !== SUMS);
    for (const name of [...outside, ...written.reverse()]) await replaceFile(folder, name, null);
    for (const name of outside) await replaceFile(folder, name, before.get(name) ?? null);
    const sums = before.get(SUMS);
    if (sums !== undefined) await writeSums(folder, sums);
    throw error;
  }
}

function parsed<S extends v.GenericSchema>(schema: S, value: unknown, what: string): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new AddendumRefused(`${what}: ${v.getDotPath(issue) ?? ''} ${issue.message}. Nothing was added.`);
}
