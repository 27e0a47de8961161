/** A bundle under an auditor's eyes: the verdict at the top, always; below it what it rests on, the lines, and another bundle. */
import './audit-screen.scss';
import { type ReactNode, useState } from 'react';
import type { AuditView, ComparisonView } from '../../../ipc/audit-view';
import type { CeremonySummary, VerifyView } from '../../../ipc/view';
import { VerdictTab } from '../verify/verdict-tab';
import { ComparisonTab } from './comparison-tab';
import { LINE_LIST } from './line-list';
import { TabList, TabPanel } from './tabs';
import { TranscriptTab } from './transcript-tab';
import { useWalk } from './use-walk';
import { VerdictStrip } from './verdict-strip';
import { grouped } from './numbers';

type TabId = 'verdict' | 'transcript' | 'comparison';

/** The screen of an opened bundle. */
export function AuditScreen({
  report,
  audit,
  comparison,
  ceremonies,
}: {
  readonly report: VerifyView;
  /** Null where there is no transcript. */
  readonly audit: AuditView | null;
  readonly comparison: ComparisonView | null;
  readonly ceremonies: readonly CeremonySummary[];
}): ReactNode {
  const [tab, setTab] = useState<TabId>('verdict');
  const [walk, ways] = useWalk(audit);
  const goTo = (line: number): void => {
    setTab('transcript');
    ways.goTo(line);
    // The list is there once the tab is drawn.
    requestAnimationFrame(() => document.getElementById(LINE_LIST)?.focus());
  };
  const tabs = [
    { id: 'verdict' as const, label: 'Verdict' },
    ...(audit === null
      ? []
      : [
          { id: 'transcript' as const, label: 'Transcript', mark: grouped(audit.lines) },
          { id: 'comparison' as const, label: 'Comparison' },
        ]),
  ];
  const shown = tabs.some(({ id }) => id === tab) ? tab : 'verdict';
  return (
    <div className="audit">
      <VerdictStrip report={report} isSame={audit?.same ?? true} />
      <TabList label="The bundle" tabs={tabs} chosen={shown} onChoose={setTab} />
      <TabPanel id="verdict" shown={shown === 'verdict'} scrolls>
        <VerdictTab report={report} onGoTo={goTo} />
      </TabPanel>
      {audit === null ? null : (
        <>
          <TabPanel id="transcript" shown={shown === 'transcript'}>
            <TranscriptTab audit={audit} walk={walk} ways={ways} shown={shown === 'transcript'} />
          </TabPanel>
          <TabPanel id="comparison" shown={shown === 'comparison'} scrolls>
            <ComparisonTab comparison={comparison} report={report} ceremonies={ceremonies} onGoTo={goTo} />
          </TabPanel>
        </>
      )}
    </div>
  );
}
