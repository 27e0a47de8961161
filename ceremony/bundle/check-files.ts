/** Every file has a place in the layout, and is one that a line names by hash or that a rule of the format accounts for. */
import { parseCheckpointName } from '../transcript/checkpoint';
import type { FileRef, LineWith } from '../transcript/line';
import type { GoodLine } from '../transcript/read';
import type { RosterSoFar } from '../transcript/roster-so-far';
import type { Contents } from './contents';
import type { Findings } from './findings';
import { BINDING, OUTSIDE_RECORD, PLAN, TRANSCRIPT, isInLayout, keyFile, parseSessionName } from './layout';
import type { LineCheck } from './line-check';

/** Checks named files against what is there, and what is there against what is named. */
export class FileCheck implements LineCheck {
  private readonly contents: Contents;
  private readonly roster: RosterSoFar;
  private readonly findings: Findings;
  /** Names in line 0. */
  private readonly first: ReadonlySet<string>;
  private readonly named = new Set<string>();

  constructor(opening: LineWith<'ceremony.opened'>, roster: RosterSoFar, contents: Contents, findings: Findings) {
    this.first = new Set(opening.body.files.map(({ name }) => name));
    this.roster = roster;
    this.contents = contents;
    this.findings = findings;
  }

  take({ line }: GoodLine): void {
    if (!('files' in line.body)) return;
    for (const { name, sha256 } of line.body.files as readonly FileRef[]) {
      const file = this.contents.get(name);
      if (file === undefined) {
        this.findings.add(name, line.seq, 'is named here and not there');
        continue;
      }
      this.named.add(name);
      if (file.sha256 !== sha256) this.findings.add(name, line.seq, 'is not what this line names by hash');
    }
  }

  end(): void {
    const keys = new Set(this.roster.entries().map(({ id }) => keyFile(id)));
    const accounted = new Set([TRANSCRIPT, PLAN.canonical, BINDING.canonical, ...OUTSIDE_RECORD, ...keys]);
    const wrong = (name: string, reason: string): void => {
      this.findings.add(name, null, reason);
    };
    for (const name of this.contents.keys()) {
      // Addenda are checked by themselves: no line of the record can name what came after it.
      if (name.startsWith('addenda/')) continue;
      if (!isInLayout(name)) wrong(name, 'has no place in a bundle');
      // What is in sessions/ is checked with the sessions.
      else if (parseSessionName(name) !== null) continue;
      else if (name.startsWith('keys/') && !keys.has(name)) wrong(name, 'is the key of nobody on the roster');
      else if (name.startsWith('approvals/') && !this.first.has(name)) wrong(name, 'is not named in line 0');
      // What is in checkpoints/ is checked with the checkpoints: its content follows from the transcript and the keys.
      else if (!accounted.has(name) && !this.named.has(name) && parseCheckpointName(name) === null) {
        wrong(name, 'no line of the transcript names it');
      }
    }
  }
}
