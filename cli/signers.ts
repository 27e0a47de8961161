/**
 * People who sign when no ceremony runs: with key files, whose passphrases they type at the terminal, or with their tokens as a
 * binding says. PINs and passphrases stay in the processes that a ceremony has for them.
 */
import { resolve } from 'node:path';
import type { RosterEntry } from '../ceremony/transcript/line';
import { readBinding, readPlan } from '../ceremony/plan/read';
import type { Binding } from '../ceremony/plan/binding-schema';
import type { Plan } from '../ceremony/plan/schema';
import { FileBundleFolder } from '../workstation/bundle-folder';
import { forbidCoreDumps } from '../workstation/core-dumps';
import { UsageError } from '../workstation/explain';
import { readText } from '../workstation/input';
import { playerOf } from '../workstation/rehearsal/room';
import { enterStore } from '../workstation/rehearsal/opencryptoki-store';
import { Session } from '../workstation/session';
import { sayWhoIsAtPad } from './at-pad';
import { NodeChildren, builtScripts } from './node-children';
import { RehearsedPeople } from './people-rehearsal';
import { TerminalPeople } from './people-terminal';
import { requireTerminal } from './terminal';
import { THIS_RUNTIME } from './this-app';
import { say } from './voice';

/** Somebody who signs; `keyFile` is an absolute path, null where the binding says how they sign. */
export interface Signer {
  readonly id: string;
  readonly keyFile: string | null;
}

/** Signs a message (DSSE pre-authentication encoding) as a participant. */
export type Sign = (participant: string, message: Uint8Array) => Promise<Uint8Array>;

/** What signing needs to know of the ceremony. */
export interface SigningContext {
  readonly ceremony: string;
  readonly roster: readonly RosterEntry[];
  /** Folder of the bundle, or one that will hold what is signed. */
  readonly folder: string;
  /** Where modules and tokens are now; null: key files only. */
  readonly bound: BoundSigners | null;
}

/** A binding by which people sign, and its plan. */
export interface BoundSigners {
  readonly plan: Plan;
  readonly binding: Binding;
}

/** Lets people sign while `work` runs. */
export type Signing = <R>(
  signers: readonly Signer[],
  context: SigningContext,
  work: (sign: Sign) => Promise<R>,
) => Promise<R>;

/** Reads `ID=KEY.pem` or `ID`. Throws UsageError for anything else. */
export function readSigner(text: string): Signer {
  const found = /^([a-z0-9][a-z0-9-]{0,62})(?:=(.+))?$/.exec(text);
  if (found === null) throw new UsageError(`${text} names no signer`, 'Write ID=KEY.pem, or ID with --binding.');
  return { id: found[1] ?? '', keyFile: found[2] === undefined ? null : resolve(found[2]) };
}

/**
 * Who signs by `--as ID`, with `--key KEY.pem` or as the binding says.
 *
 * @throws UsageError when that is no id
 */
export function signerOf(id: string, keyFile: string | undefined): Signer {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(id))
    throw new UsageError(`--as ${id} names nobody`, 'Give an id of the roster.');
  return { id, keyFile: keyFile === undefined ? null : resolve(keyFile) };
}

/**
 * Lets people sign while `work` runs, then ends every process.
 *
 * @throws UsageError when somebody is not on the roster, signs twice, or has no key to sign with
 */
export async function withSigners<R>(
  signers: readonly Signer[],
  context: SigningContext,
  work: (sign: Sign) => Promise<R>,
): Promise<R> {
  refuseStrangers(signers, context);
  const { bound } = context;
  const player = bound === null ? null : playerOf(bound.binding);
  if (player === null) requireTerminal();
  forbidCoreDumps();
  const names = new Map(context.roster.map(({ id, name }) => [id, name]));
  const children = new NodeChildren({
    ceremony: context.ceremony,
    scripts: builtScripts(),
    modules: bound?.binding.modules ?? [],
    player,
    names: Object.fromEntries(names),
    onPad: sayWhoIsAtPad(names, new Map()),
    startThrough: (module) => (bound?.binding.room === undefined ? [] : enterStore(bound.binding.room, module)),
  });
  const people =
    player === null
      ? new TerminalPeople(names, (doing) => {
          children.announceDoing(doing);
        })
      : new RehearsedPeople(say);
  const folder = new FileBundleFolder(context.folder);
  const session =
    bound === null ? null : new Session({ ...bound, people, folder, processes: children, runtime: THIS_RUNTIME });
  const keyFiles = { client: null as ReturnType<typeof children.startKeyFileProcess> | null };
  try {
    return await work(async (id, message) => {
      const file = signers.find((one) => one.id === id)?.keyFile ?? null;
      if (file === null && session !== null) return session.ports.devices.sign(id, message);
      // SECURITY(K-95): keys and passphrases stay in the process that a ceremony has for them.
      keyFiles.client ??= children.startKeyFileProcess();
      const { algorithm, spki } = keyOf(id, context.roster);
      const signature = await keyFiles.client.call('key-file.sign', {
        file: { participant: id, path: file ?? '', algorithm, spki },
        message: Buffer.from(message).toString('base64'),
      });
      return Buffer.from(signature, 'base64');
    });
  } finally {
    if (session === null) await children.endAll();
    else await session.end();
  }
}

/**
 * The binding in a file, by which people of a bundle sign now, with the bundle's plan; null when no file is named.
 *
 * @throws UsageError for a binding of another ceremony, or what is none
 */
export function signersBoundIn(file: string | undefined, bundle: string, ceremony: string): BoundSigners | null {
  if (file === undefined) return null;
  const { binding } = readBinding(readText(file, 'binding'));
  if (binding.ceremony !== ceremony) {
    throw new UsageError(`${file} binds ceremony ${binding.ceremony}, not ${ceremony}`, 'Name a binding of this one.');
  }
  return { plan: readPlan(readText(`${bundle}/plan.yaml`, 'plan')).plan, binding };
}

function refuseStrangers(signers: readonly Signer[], { roster, bound }: SigningContext): void {
  for (const [place, { id, keyFile }] of signers.entries()) {
    if (!roster.some((person) => person.id === id)) {
      throw new UsageError(
        `${id} is not on the roster of this ceremony`,
        `Those on it are: ${roster.map((person) => person.id).join(', ')}.`,
      );
    }
    if (signers.findIndex((one) => one.id === id) !== place) {
      throw new UsageError(`${id} is named twice as a signer`, 'Name each once.');
    }
    if (keyFile === null && bound === null) {
      throw new UsageError(
        `nothing says what ${id} signs with`,
        `Name the key file of ${id}, or give --binding for tokens.`,
      );
    }
  }
}

function keyOf(id: string, roster: readonly RosterEntry[]): RosterEntry['key'] {
  const person = roster.find((one) => one.id === id);
  if (person === undefined) throw new RangeError(`participant: expected one on the roster, got ${id}`);
  return person.key;
}
