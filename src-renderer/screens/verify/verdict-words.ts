/** The four verdicts in words. Nothing here says more than the verification looked at. */
import type { VerifyView } from '../../../ipc/view';
import type { IconName } from '../../components/icon';
import { counted } from '../../components/words';

/** How a verdict is said and looks. */
export interface VerdictWords {
  readonly word: string;
  readonly icon: IconName;
  readonly tone: 'good' | 'quiet' | 'caution' | 'bad';
  readonly means: string;
}

/** Each verdict: only one of them is called verified. */
export const VERDICTS: Readonly<Record<VerifyView['verdict'], VerdictWords>> = {
  verified: {
    word: 'Verified',
    icon: 'good',
    tone: 'good',
    means: 'Everything in the bundle holds, and it matches what you brought along.',
  },
  consistent: {
    word: 'Consistent',
    icon: 'note',
    tone: 'quiet',
    means:
      'Everything in the bundle holds together. That the signers are the right people is the bundle’s own word: nothing was compared with a source outside it.',
  },
  incomplete: {
    word: 'Incomplete',
    icon: 'warning',
    tone: 'caution',
    means: 'Nothing in the bundle is wrong so far, but the ceremony was not closed. It proves nothing yet.',
  },
  refused: {
    word: 'Refused',
    icon: 'bad',
    tone: 'bad',
    means: 'Something in the bundle does not hold. Do not rely on it; the findings say what is wrong.',
  },
};

/** What a verdict means; what it was held against is said as it is. */
export function meansWords(report: VerifyView): string {
  if (report.verdict !== 'verified' || !isOfRun(report)) return VERDICTS[report.verdict].means;
  return report.approverKeys.length === 0
    ? 'Everything in the bundle holds, and its plan is the one that was reviewed in this run. Nothing came from outside this Keyrite.'
    : 'Everything in the bundle holds, its plan is the one that was reviewed in this run, and it matches the keys you brought along.';
}

/** Whether the hash of the plan was given by the run that made the bundle, and not by a person. */
export function isOfRun({ planHash, planHashFrom }: VerifyView): boolean {
  return planHash !== null && planHashFrom === 'run';
}

/** Why it is so, in a few words for the top of the screen. */
export function reasonWords(report: VerifyView): string {
  switch (report.verdict) {
    case 'verified':
      if (isOfRun(report) && report.approverKeys.length === 0)
        return 'Everything holds, and the plan is the one that was reviewed in this run';
      return `Everything holds, and ${outsideWords(report).join(' and ')} from outside match${outsideWords(report).length === 1 ? 'es' : ''}`;
    case 'consistent':
      return 'Everything holds, but nothing from outside was compared';
    case 'incomplete':
      return 'The ceremony was not closed';
    case 'refused':
      return `${counted(report.findingsInAll, 'thing')} in it ${report.findingsInAll === 1 ? 'does' : 'do'} not hold`;
  }
}

/** What was given from outside, in words; empty when nothing was. */
export function outsideWords(report: VerifyView): string[] {
  const { planHash, approverKeys } = report;
  return [
    ...(planHash === null || isOfRun(report) ? [] : ['the hash of the plan']),
    ...(approverKeys.length === 0 ? [] : [counted(approverKeys.length, 'approver’s key', 'approvers’ keys')]),
  ];
}
