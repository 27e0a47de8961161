/** How the command line ends: exit codes and the errors that choose them (DESIGN.md section 10). */
import { BundleNotCopied } from '../ceremony/engine/close';
import { ClockWentBack, TranscriptDamaged } from '../ceremony/transcript/writer';
import { PlanError } from '../ceremony/plan/read';
import { PlanRefused } from '../ceremony/engine/open';
import { CeremonyStopped } from '../ceremony/engine/ceremony';
import { DeviceError } from '../ceremony/command/device-error';

/** 0 good, 1 findings or a ceremony that stopped, 2 usage or unreadable input. */
export const EXIT = { good: 0, findings: 1, usage: 2 } as const;

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command was called wrongly, or its input cannot be read or its output not be written. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** What to do instead. */
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** A ceremony ended before its close. Says how it is gone on with, after what the error itself says. */
export class CeremonyEnded extends Error {
  override readonly name = 'CeremonyEnded';
  /** What ended it. */
  override readonly cause: unknown;
  /** How to go on. */
  readonly goOn: string;

  constructor(cause: unknown, goOn: string) {
    super('the ceremony ended before its close');
    this.cause = cause;
    this.goOn = goOn;
  }
}

/** Errors whose message is all that people need. */
const ENDS = [CeremonyStopped, ClockWentBack, TranscriptDamaged, BundleNotCopied] as const;

/** Words for the screen, and the exit code. */
interface Explanation {
  readonly text: string;
  readonly code: ExitCode;
}

/** What an error tells the person. Unknown errors are faults of ours. */
export function explain(error: unknown): Explanation {
  if (error instanceof CeremonyEnded) return explainEnd(error);
  if (error instanceof UsageError) return { text: `${error.message}\n${error.remedy}`, code: EXIT.usage };
  if (error instanceof PlanError) return { text: error.message, code: EXIT.usage };
  if (error instanceof PlanRefused)
    return { text: `This plan cannot be carried out.\n${error.message}`, code: EXIT.findings };
  if (ENDS.some((kind) => error instanceof kind) && error instanceof Error) {
    return { text: error.message, code: EXIT.findings };
  }
  if (error instanceof DeviceError) {
    return { text: `${error.message}\n${error.changed}\n${error.next}`, code: EXIT.findings };
  }
  return fileTrouble(error) ?? fault(error);
}

/** Where the record itself is in question, or the input was no use, nothing is said about going on. */
function explainEnd({ cause, goOn }: CeremonyEnded): Explanation {
  const { text, code } = explain(cause);
  const final = [TranscriptDamaged, BundleNotCopied, UsageError, PlanError, PlanRefused].some(
    (kind) => cause instanceof kind,
  );
  return { text: final ? text : `${text}\n${goOn}`, code };
}

/** What the operating system says when a file cannot be written or read; null for any other error. */
function fileTrouble(error: unknown): Explanation | null {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return null;
  const path = 'path' in error ? String(error.path) : 'a file';
  const known = FILE_TROUBLE[String(error.code)];
  if (known === undefined) return null;
  return { text: `${path}: ${known.happened}\n${known.next}`, code: EXIT.usage };
}

const FILE_TROUBLE: Readonly<Record<string, { readonly happened: string; readonly next: string }>> = {
  ENOSPC: { happened: 'the medium is full', next: 'Free some space on it, or name a place on another medium.' },
  EDQUOT: { happened: 'your quota is used up', next: 'Free some space, or name a place on another medium.' },
  EROFS: { happened: 'the medium is read-only', next: 'Name a place that you may write to.' },
  EACCES: { happened: 'you may not open it', next: 'Name another place, or ask whom it belongs to.' },
  EPERM: { happened: 'you may not do this', next: 'Name another place, or ask whom it belongs to.' },
  EIO: { happened: 'the medium reports an error', next: 'Use another medium.' },
  ENOENT: { happened: 'it is not there', next: 'Name one that is.' },
  ENOTDIR: { happened: 'a part of this path is not a folder', next: 'Name another place.' },
  EISDIR: { happened: 'it is a folder', next: 'Name a file.' },
};

function fault(error: unknown): Explanation {
  const reason = error instanceof Error ? error.message : 'an error without a name';
  return {
    text: `A fault in Keyrite: ${reason}\nThe bundle is whole as far as it goes; keep it, and report the fault.`,
    code: EXIT.findings,
  };
}
