/** What a verdict proves and what it does not, in sentences. Nothing here says more than the verification looked at. */
import type { VerifyView } from '../../../ipc/view';
import { isOfRun, outsideWords } from './verdict-words';

/** What was proven; empty when nothing can be relied on. */
export function proven(report: VerifyView): string[] {
  const { verdict } = report;
  if (verdict === 'refused' || verdict === 'incomplete') return [];
  const outside = outsideWords(report);
  return [
    'Nothing in the signed record was changed, added or removed since the last signatures',
    'The keys of the roster signed, and as many people as the plan asks',
    'Each step of the plan has an outcome or an exception, in the order of the plan',
    ...(isOfRun(report) ? ['The plan is the one that was reviewed in the run that made the bundle, here'] : []),
    ...(verdict === 'verified' && outside.length > 0
      ? [`The bundle matches what you brought along: ${outside.join(' and ')}`]
      : []),
  ];
}

/** What was not proven, whatever the verdict. */
export function notProven(report: VerifyView): string[] {
  const { verdict, planHash, approverKeys, summary } = report;
  if (verdict === 'refused' || verdict === 'incomplete') {
    return ['Anything: neither what was done, nor with which keys, nor who was there'];
  }
  return [
    ...(summary?.mode === 'rehearsal' ? ['Anything about production: this was a rehearsal'] : []),
    ...(isOfRun(report)
      ? ['That the plan is the one you know: its hash came from this Keyrite. Compare it with the printed script']
      : []),
    ...(planHash === null ? ['That the plan is the one you know: no hash was given from outside'] : []),
    ...(approverKeys.length === 0 ? ['That the approvers are who they should be: none of their keys was given'] : []),
    'That verify.sh and the reports in the bundle are ours, and that no later addendum was left out: nobody signed those',
    'That the workstation told the truth: signatures show whose keys signed what',
    'The times: they are what the workstation claimed',
  ];
}
