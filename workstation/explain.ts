/** What an error tells the person, whichever program they sit at: what happened, what was changed, what to do next. */
import { AddendumRefused } from '../ceremony/bundle/addendum';
import { CosignatureRefused } from '../ceremony/bundle/cosignature';
import { DeviceError } from '../ceremony/command/device-error';
import { ApprovalRefused } from '../ceremony/engine/approvals';
import { CeremonyStopped } from '../ceremony/engine/ceremony';
import { BundleNotCopied } from '../ceremony/engine/copy-to-media';
import { PlanRefused } from '../ceremony/engine/open';
import { PlanError } from '../ceremony/plan/read';
import { ClockWentBack, TranscriptDamaged } from '../ceremony/transcript/writer';

/** What was asked for cannot be done: asked wrongly, or its input cannot be read or its output not be written. */
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
const ENDS = [
  CeremonyStopped,
  ClockWentBack,
  TranscriptDamaged,
  BundleNotCopied,
  AddendumRefused,
  CosignatureRefused,
  ApprovalRefused,
] as const;

/** An error in words. */
export interface Explanation {
  readonly happened: string;
  /** What was and was not changed; null where nothing was begun, or `happened` says it. */
  readonly changed: string | null;
  /** What to do next; null where `happened` says it. */
  readonly next: string | null;
  /** True when what was asked for, or its input or output, was no use; false for findings and what went wrong in a ceremony. */
  readonly unusable: boolean;
}

/** What an error tells the person. Unknown errors are faults of ours. */
export function explain(error: unknown): Explanation {
  return known(error) ?? fault(error);
}

/** Whether an error is a fault of ours: one that nobody foresaw, whose text may hold anything. */
export function isFault(error: unknown): boolean {
  return error instanceof CeremonyEnded ? isFault(error.cause) : known(error) === null;
}

/** An error that was foreseen, in words; null for any other. */
function known(error: unknown): Explanation | null {
  if (error instanceof CeremonyEnded) return explainEnd(error);
  if (error instanceof UsageError)
    return { happened: error.message, changed: null, next: error.remedy, unusable: true };
  if (error instanceof PlanError) return { happened: error.message, changed: null, next: null, unusable: true };
  if (error instanceof PlanRefused) {
    return {
      happened: `This plan cannot be carried out.\n${error.message}`,
      changed: null,
      next: null,
      unusable: false,
    };
  }
  if (ENDS.some((kind) => error instanceof kind) && error instanceof Error) {
    return { happened: error.message, changed: null, next: null, unusable: false };
  }
  if (error instanceof DeviceError) {
    return { happened: error.message, changed: error.changed, next: error.next, unusable: false };
  }
  return fileTrouble(error);
}

/** An explanation as text: one line or more for each of its parts. */
export function asText({ happened, changed, next }: Explanation): string {
  return [happened, changed, next].filter((part) => part !== null).join('\n');
}

/** Where the record itself is in question, or the input was no use, nothing is said about going on. */
function explainEnd({ cause, goOn }: CeremonyEnded): Explanation {
  const explanation = explain(cause);
  const final = [TranscriptDamaged, UsageError, PlanError, PlanRefused].some((kind) => cause instanceof kind);
  if (final) return explanation;
  return { ...explanation, next: explanation.next === null ? goOn : `${explanation.next}\n${goOn}` };
}

/** An error of the operating system, as Node gives it. */
export function isSystemError(error: unknown): error is Error & { readonly code: unknown } {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

/** What an error of the operating system means, as a clause; its code where there are no words for it. */
export function systemWords({ code }: { readonly code: unknown }): string {
  return FILE_TROUBLE[String(code)]?.happened ?? `the system says ${String(code)}`;
}

/** What the operating system says when a file cannot be written or read; null for any other error. */
function fileTrouble(error: unknown): Explanation | null {
  if (!isSystemError(error)) return null;
  const path = 'path' in error ? String(error.path) : 'a file';
  const known = FILE_TROUBLE[String(error.code)];
  if (known === undefined) return null;
  return { happened: `${path}: ${known.happened}`, changed: null, next: known.next, unusable: true };
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
  ELOOP: { happened: 'its links lead round in a circle', next: 'Name another place.' },
  ENAMETOOLONG: { happened: 'this path is too long', next: 'Name a shorter one.' },
  EISDIR: { happened: 'it is a folder', next: 'Name a file.' },
};

function fault(error: unknown): Explanation {
  const reason = error instanceof Error ? error.message : 'an error without a name';
  return {
    happened: `A fault in Keyrite: ${reason}`,
    changed: null,
    next: 'The bundle is whole as far as it goes; keep it, and report the fault.',
    unusable: false,
  };
}
