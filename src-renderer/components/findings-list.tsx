/** Findings of a check, the worst first: what, where, and what makes it right. */
import './findings-list.scss';
import type { FindingView } from '../../ipc/view';
import { StatusWord, type Tone } from './status-word';

const SEVERITIES: Readonly<Record<FindingView['severity'], { readonly tone: Tone; readonly word: string }>> = {
  error: { tone: 'bad', word: 'Error' },
  warning: { tone: 'caution', word: 'Warning' },
  note: { tone: 'quiet', word: 'Note' },
};
const ORDER: readonly FindingView['severity'][] = ['error', 'warning', 'note'];

/** Findings as a list; `none` is what is said when there are none. */
export function FindingsList({ findings, none }: { readonly findings: readonly FindingView[]; readonly none: string }) {
  if (findings.length === 0) return <StatusWord tone="good">{none}</StatusWord>;
  const sorted = ORDER.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
  return (
    <ul className="findings-list">
      {sorted.map((finding, place) => (
        <li key={place}>
          <StatusWord {...iconOf(finding)} tone={SEVERITIES[finding.severity].tone}>
            {SEVERITIES[finding.severity].word}
          </StatusWord>
          <div>
            <p>
              {finding.step === null ? null : <span className="findings-list__step">Step {finding.step}: </span>}
              {finding.message}
            </p>
            {finding.remedy === '' ? null : <p className="quiet">{finding.remedy}</p>}
          </div>
        </li>
      ))}
    </ul>
  );
}

function iconOf({ severity }: FindingView) {
  return severity === 'note' ? { icon: 'note' as const } : {};
}
