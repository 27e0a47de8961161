/** Every file has a place in the layout, and is one that a line names by hash or that a rule of the format accounts for. */
import { parseCheckpointName } from '../transcript/checkpoint';
import type { FileRef, LineWith } from '../transcript/line';
import type { GoodLine } from '../transcript/read';
import type { Contents } from './contents';
import type { Findings } from './findings';
import { BINDING, OUTSIDE_RECORD, PLAN, TRANSCRIPT, isInLayout, keyFile } from './layout';

/** Checks named files against what is there, and what is there against what is named. */
export function checkFiles(
  opening: LineWith<'ceremony.opened'>,
  lines: readonly GoodLine[],
  contents: Contents,
  findings: Findings,
): void {
  const accounted = new Set([
    TRANSCRIPT,
    PLAN.canonical,
    BINDING.canonical,
    ...OUTSIDE_RECORD,
    ...opening.body.roster.map(({ id }) => keyFile(id)),
  ]);
  for (const { line } of lines) {
    for (const { name, sha256 } of filesOf(line.body)) {
      accounted.add(name);
      const file = contents.get(name);
      if (file === undefined) findings.add(name, line.seq, 'is named here and not there');
      else if (file.sha256 !== sha256) findings.add(name, line.seq, 'is not what this line names by hash');
    }
  }
  const keys = new Set(opening.body.roster.map(({ id }) => keyFile(id)));
  const first = new Set(opening.body.files.map(({ name }) => name));
  for (const name of contents.keys()) {
    if (name.startsWith('addenda/')) findings.add(name, null, 'this version cannot check addenda');
    else if (!isInLayout(name)) findings.add(name, null, 'has no place in a bundle');
    else if (name.startsWith('keys/') && !keys.has(name))
      findings.add(name, null, 'is the key of nobody on the roster');
    else if (name.startsWith('approvals/') && !first.has(name)) findings.add(name, null, 'is not named in line 0');
    // What is in checkpoints/ is checked with the checkpoints: its content follows from the transcript and the keys.
    else if (!accounted.has(name) && parseCheckpointName(name) === null) {
      findings.add(name, null, 'no line of the transcript names it');
    }
  }
}

function filesOf(body: object): readonly FileRef[] {
  return 'files' in body ? (body.files as readonly FileRef[]) : [];
}
