/** Signing with a key file from the command line, outside a ceremony: the passphrase is asked for at the terminal. */
import { randomBytes } from 'node:crypto';
import { forbidCoreDumps } from '../workstation/core-dumps';
import { signWithKeyFile, type KeyFileSigning } from '../workstation/key-file-signer';
import { builtScripts, NodeChildren, type ChildScripts } from './node-children';

/** What is signed, and how its signer is asked. */
export interface TerminalSigning extends KeyFileSigning {
  readonly person: KeyFileSigning['person'] & { readonly name: string };
  /** What is being signed, in a line for the screen on which the passphrase is asked for. */
  readonly doing: string;
  /** The player file of a rehearsal, which answers instead of a person; left out: the person at /dev/tty. */
  readonly player?: string;
  /** The programs that run as children; left out: those that lie beside the one that runs. */
  readonly scripts?: ChildScripts;
}

/**
 * Signs with a key file. The passphrase goes from the person process (/dev/tty) to the key-file process; both have ended
 * when this returns. A command calls `requireTerminal` first, to say it in time where there is none.
 *
 * @throws DeviceError when the file does not open, holds another key, or the person declines; `PERSON_GONE` without a
 *   terminal
 */
export async function signAtTerminal(signing: TerminalSigning): Promise<Uint8Array> {
  const { person, doing, player, scripts } = signing;
  forbidCoreDumps();
  const children = new NodeChildren({
    ceremony: `sign-${randomBytes(4).toString('hex')}`,
    scripts: scripts ?? builtScripts(),
    modules: [],
    player: player ?? null,
    names: { [person.id]: person.name },
  });
  try {
    children.announceStep(doing);
    return await signWithKeyFile(signing, children);
  } finally {
    await children.endAll();
  }
}
