/** What the outcome of an export tells: the plan's media, and the files so far, each as it is in the bundle. */
import * as v from 'valibot';
import type { Plan } from '../plan/schema';
import { FileRef, type LineWith } from '../transcript/line';
import type { GoodLine } from '../transcript/read';
import type { Contents } from './contents';
import type { Findings } from './findings';
import { TRANSCRIPT } from './layout';
import type { LineCheck } from './line-check';
import { sameJson } from './sealed';

const Exported = v.object({ media: v.array(v.object({ id: v.string() })), readBack: v.array(FileRef) });

/** Checks the outcomes of exports. */
export class ExportCheck implements LineCheck {
  private readonly media: ReadonlyMap<string, readonly string[]>;
  private readonly contents: Contents;
  private readonly findings: Findings;
  /** Files that lines so far have named; of those that are not there another rule tells. */
  private readonly named = new Set<string>();

  constructor(plan: Plan, contents: Contents, findings: Findings) {
    this.media = new Map(plan.steps.flatMap((step) => (step.action === 'export' ? [[step.id, step.media]] : [])));
    this.contents = contents;
    this.findings = findings;
  }

  take({ line }: GoodLine): void {
    if (line.type === 'step.outcome' && line.body.act === null) this.complete(line);
    if (!('files' in line.body)) return;
    for (const { name } of line.body.files ?? []) if (this.contents.has(name)) this.named.add(name);
  }

  end(): void {
    // Said line by line.
  }

  private complete({ step, seq, body }: LineWith<'step.outcome'>): void {
    const media = this.media.get(step ?? '');
    if (media === undefined) return;
    const told = v.safeParse(Exported, body.result);
    if (
      !told.success ||
      !sameJson(
        told.output.media.map(({ id }) => id),
        [...media],
      )
    ) {
      this.findings.add(TRANSCRIPT, seq, 'the export does not name the media of the plan and the files so far');
      return;
    }
    const { readBack } = told.output;
    const wrong = readBack.find(({ name, sha256 }) => this.contents.get(name)?.sha256 !== sha256);
    // SECURITY(K-197): what was read back is what the bundle holds.
    if (wrong !== undefined) this.findings.add(TRANSCRIPT, seq, `the export read back ${wrong.name} as another file`);
    const read = new Set(readBack.map(({ name }) => name));
    const left = [...this.named].find((name) => !read.has(name));
    if (left !== undefined) this.findings.add(TRANSCRIPT, seq, `the export did not read back ${left}`);
  }
}
