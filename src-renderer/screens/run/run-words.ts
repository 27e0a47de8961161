/**
 * Words of the run screen for what the view names by a code. Rules: the field's own words, what a person sees or does,
 * no full stop in a label; every code has its words, and the compiler asks for them.
 */
import type { ExceptionKind } from '../../../ceremony/transcript/exception-kinds';
import type { PersonView, StepView, TaskView, UnitView } from '../../../ipc/view';

/** Status of a step. */
export const STEP_STATUS: Readonly<Record<StepView['status'], string>> = {
  waiting: 'To come',
  present: 'Now',
  done: 'Done',
  excepted: 'Under an exception',
};

/** Mode of a crypto unit. */
export const UNIT_MODE: Readonly<Record<UnitView['mode'], string>> = {
  unknown: 'Not read yet',
  blank: 'Blank token',
  imprint: 'Imprint mode',
  operational: 'Operational',
  zeroised: 'Zeroised',
};

/** Where a unit stands while several are worked on at once. */
export const AT_WORK: Readonly<Record<NonNullable<UnitView['atWork']>, string>> = {
  waiting: 'Waits',
  working: 'At work',
  done: 'Done',
  failed: 'Failed',
};

/** Status of a master-key register. */
export const REGISTER_STATUS: Readonly<Record<RegisterStatus, string>> = {
  empty: 'Empty',
  'full-uncommitted': 'Full, uncommitted',
  'full-committed': 'Full, committed',
  valid: 'Valid',
};
/** Status of a master-key register. */
export type RegisterStatus = NonNullable<UnitView['registers']>['new']['status'];

/** Kinds of exception that a person can raise; leaving a step out is decided when the step has failed. */
export type RaisableKind = Exclude<ExceptionKind, 'step-skipped'>;
/** What each kind means, as it is offered. */
export const EXCEPTION_KIND: Readonly<Record<ExceptionKind, string>> = {
  'step-skipped': 'The step was left out',
  'step-deviated': 'The step was done in another way than the plan says',
  'readback-skipped': 'Something was not read back',
  preflight: 'The workstation is not what it should be',
  clock: 'The clock was wrong, or was set',
  people: 'Somebody left, came later, or took another place',
  materials: 'A seal, an envelope, a form or a medium is not what the plan says',
  other: 'Something else',
};

/** What a secret window asks of the person. */
export const SECRET_ACT: Readonly<Record<Extract<TaskView, { kind: 'person' }>['what'], string>> = {
  pin: 'Enters a PIN',
  'final-try': 'Confirms that the final try of a PIN is used',
  passphrase: 'Enters the passphrase of a key file',
  'share-show': 'Copies a share onto the worksheet',
  'share-enter': 'Types a share from the worksheet',
  'share-key': 'Locks or opens the file of a share',
};

/** A verdict, and what it means. */
export const VERDICT: Readonly<
  Record<NonNullable<Extract<TaskView, { kind: 'ended' }>['verdict']>, { word: string; meaning: string }>
> = {
  refused: { word: 'Refused', meaning: 'Something in the bundle does not hold; the verification says what.' },
  incomplete: { word: 'Incomplete', meaning: 'The record was not closed.' },
  consistent: {
    word: 'Consistent',
    meaning:
      'Everything in the bundle holds. That the signers are who they should be is the bundle’s own word until the plan hash or an approver’s key is given from outside.',
  },
  verified: {
    word: 'Verified',
    meaning:
      'Read back and verified here, against the plan that was reviewed. Whoever was not in the room verifies it again, with a plan hash that did not come with it.',
  },
};

/** How a run ended. */
export const ENDED: Readonly<Record<Extract<TaskView, { kind: 'ended' }>['outcome'], string>> = {
  closed: 'The ceremony is closed',
  paused: 'The ceremony is paused under seal',
  stopped: 'The ceremony was stopped',
  failed: 'The ceremony broke off',
};

/** Where a person stands now, in two or three words. */
export function presenceWords(person: PersonView): string {
  if (person.confirmed) return 'Confirmed';
  if (person.asked) return 'Acts now';
  if (person.present) return 'Present';
  if (person.left) return 'Away';
  return person.attends ? 'Not called yet' : 'Need not be here';
}

/** Names in a row: `Ada Aker`, `Ada Aker and Ben Ochieng`, `Ada Aker, Ben Ochieng and Chen Li`. */
export function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}
