/**
 * The report of a bundle, for people to read, sign and file: made once from the record and its verification, then rendered
 * to HTML and to PDF. Rules for its words: the field's own; what is claimed by the workstation is called claimed; nothing
 * is said that the record does not hold.
 */
import { heading, line, strong, exact, type Block, type Line, type PrintDocument } from '../../print/document';
import { hexGroups } from '../../words';
import type { BundleReader } from '../layout';
import type { VerifyReport } from '../verify';
import { bannerOf, cover, verdictSection } from './cover';
import { custodySection } from './custody';
import { exceptionsSection, troublesSection } from './exceptions';
import { keptSharesSection } from './kept-shares';
import { checkValuesSection, keysSection } from './keys';
import { peopleSection } from './people';
import { quorumsSection } from './quorums';
import { recordedIn, type Recorded } from './recorded';
import { addendaSection, signOffSection, signaturesSection } from './signatures';
import { standardsSection } from './standards';
import { stepsSection } from './steps';
import { filesSection, proofSection, retentionSection, workstationSection } from './surroundings';
import { takenOverSection } from './taken-over';
import { unitsSection } from './units';
import { weakPointsSection } from './weak-points';

/** What stands for a time that the record does not tell. */
const NO_TIME = '1970-01-01T00:00:00.000Z';

/** The report, by what the bundle holds and what its verification found. A bundle that is refused gets one too. */
export async function reportDocument(bundle: BundleReader, report: VerifyReport): Promise<PrintDocument> {
  const recorded = await recordedIn(bundle, report);
  if (recorded === null) return unreadable(report);
  const { summary, lines } = recorded;
  return {
    title: `${summary.title}: report`,
    subject: `Report of the key ceremony ${summary.ceremony} (${summary.mode})`,
    banner: bannerOf(recorded),
    head: [line(strong(summary.title), `, ${summary.ceremony}, `, strong(summary.mode))],
    foot: [
      // All of them: a page that was taken out of its report still says which root it belongs to.
      hashLine('Root', summary.root),
      hashLine('Plan', summary.planHash),
    ],
    made: lines.at(-1)?.at ?? NO_TIME,
    blocks: sections(recorded),
  };
}

/** The space is of the hash's face: that of the text is so narrow in small letters that both seem one word. */
function hashLine(name: string, hash: string): Line {
  return line(name, exact(` ${hexGroups(hash)}`));
}

function sections(recorded: Recorded): readonly Block[] {
  return [
    ...cover(recorded),
    ...verdictSection(recorded),
    ...weakPointsSection(recorded),
    ...peopleSection(recorded),
    ...stepsSection(recorded),
    ...exceptionsSection(recorded),
    ...troublesSection(recorded),
    ...unitsSection(recorded),
    ...quorumsSection(recorded),
    ...checkValuesSection(recorded),
    ...keysSection(recorded),
    ...takenOverSection(recorded),
    ...keptSharesSection(recorded),
    ...custodySection(recorded),
    ...filesSection(recorded),
    ...signaturesSection(recorded),
    ...addendaSection(recorded),
    ...workstationSection(recorded),
    ...retentionSection(recorded),
    ...proofSection(),
    ...signOffSection(recorded),
    ...standardsSection(recorded),
  ];
}

/** Of a bundle whose first line cannot be read there is only the verdict. */
function unreadable(report: VerifyReport): PrintDocument {
  return {
    title: 'Evidence bundle: report',
    subject: 'Report of an evidence bundle that cannot be read',
    banner: null,
    head: [line(strong('Evidence bundle that cannot be read'))],
    foot: [line('No root')],
    made: NO_TIME,
    blocks: [heading(1, 'Evidence bundle'), ...verdictSection({ report })],
  };
}
