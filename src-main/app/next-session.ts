/** The next session of a ceremony that is paused under seal: its binding, made or read, and what it changes. */
import { join } from 'node:path';
import { bindingDifferences } from '../../ceremony/bundle/compare-bindings';
import type { Documents } from '../../ceremony/engine/open';
import type { CeremonyRecord } from '../../ceremony/engine/record';
import { recordOf, requireFilesOfRecord } from '../../ceremony/engine/resume';
import { sessionFindings, standingOf } from '../../ceremony/engine/sessions';
import { readBinding } from '../../ceremony/plan/read';
import type { Playing, SessionView } from '../../ipc/view';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { existingFolder, readText } from '../../workstation/input';
import { nextSession } from '../../workstation/rehearsal/next-session';
import type { AppParts } from './app-parts';
import { cutTo } from './audit-text';
import { bindingView, type TokensByModule } from './binding-view';
import { playedBy, type Bound } from './bound';
import { openPlan, type OpenPlan } from './plan-view';
import { refused } from './trouble';

/** Most differences that are shown, and the longest words of one, in UTF-16 code units. */
const MOST = 1_000;
const LONGEST = 2_000;

/** A ceremony that waits for its next session. */
export interface Paused {
  readonly folder: string;
  readonly plan: OpenPlan;
  /** Plan, and the binding in force until the pause. */
  readonly before: Documents;
  readonly record: CeremonyRecord;
}

/**
 * Reads a ceremony that is paused. Nothing in its folder is changed.
 *
 * @throws RequestFailed when it is not paused; UsageError when its folder is gone; TranscriptDamaged when its record, or a
 *   file that it names, is not as it was written
 */
export async function readPaused({ ceremoniesFolder }: AppParts, ceremony: string): Promise<Paused> {
  const folder = existingFolder(join(ceremoniesFolder, ceremony), 'ceremony');
  const bundle = new FileBundleFolder(folder);
  const { paused, bindingFile } = await standingOf(bundle);
  if (!paused) throw refused('This ceremony is not paused.', 'It goes on with the binding that it has.');
  const plan = openPlan(join(folder, 'plan.yaml'));
  const bindingText = readText(join(folder, bindingFile), 'binding');
  const binding = readBinding(bindingText);
  await requireFilesOfRecord(plan.document, binding, bundle);
  const before = { planText: plan.text, plan: plan.document, bindingText, binding };
  return { folder, plan, before, record: await recordOf(bundle) };
}

/** The binding as the rehearsal's room stands now. @throws RequestFailed for a ceremony without a room */
export function sessionFromRoom({ before, record }: Paused): Documents {
  if (before.binding.binding.room === undefined) {
    throw refused('This ceremony has no rehearsal room.', 'Open a binding file for its next session.');
  }
  return nextSession(before, { plan: before.plan.plan, record });
}

/** The binding in a file. @throws UsageError or PlanError for what is none */
export function sessionFromFile({ before }: Paused, file: string): Documents {
  const bindingText = readText(file, 'binding');
  return { ...before, bindingText, binding: readBinding(bindingText) };
}

/** The binding for the window: what its check finds, and in what it differs from the one before. */
export function boundSession(
  { folder, before, record }: Paused,
  documents: Documents,
  { playing, from, tokens }: { readonly playing: Playing; readonly from: string; readonly tokens: TokensByModule },
): Bound {
  const first = before.binding.binding;
  // SECURITY(K-143): judged against the record before anybody approves it; the engine judges again.
  const findings = sessionFindings(first, documents, record);
  const view: SessionView = {
    number: record.session + 1,
    differs: differences(before, documents).slice(0, MOST),
  };
  return {
    documents,
    view: bindingView(documents, from, playedBy(playing), tokens, { findings, first }),
    playing,
    room: null,
    session: { folder, first, view, errors: findings.filter(({ severity }) => severity === 'error') },
  };
}

function differences(before: Documents, now: Documents): SessionView['differs'] {
  const app = { name: '', version: '', sha256: '', runtime: '' };
  const bound = ({ binding: { binding } }: Documents) => ({
    bindings: [binding],
    parameters: new Map<string, never>(),
    app,
    units: new Map<string, never>(),
  });
  return bindingDifferences(bound(before), bound(now)).map(({ what, name, a, b }) => ({
    what,
    name: cutTo(name, LONGEST),
    before: a === null ? null : cutTo(a, LONGEST),
    now: b === null ? null : cutTo(b, LONGEST),
  }));
}
