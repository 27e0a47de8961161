/**
 * Shares are handed over in the form that the plan gives each; an age file is for the recipient that the binding gives, and
 * a key pair on a custodian's own token is one that the custodian's signing key vouches for.
 */
import * as v from 'valibot';
import { isValidSignature } from '../command/dsse';
import { shareKeyStatement } from '../command/statements';
import type { Binding } from '../plan/binding-schema';
import type { Plan } from '../plan/schema';
import { custodyFormOf } from '../plan/share-forms';
import type { LineWith } from '../transcript/line';
import type { GoodLine } from '../transcript/read';
import type { RosterSoFar } from '../transcript/roster-so-far';
import type { Findings } from './findings';
import { TRANSCRIPT } from './layout';
import type { LineCheck } from './line-check';
import { sameJson } from './sealed';

/** What decides who can read a share besides its custodian; what else stands there tells of the file or key. */
const Custody = v.object({
  form: v.string(),
  printer: v.exactOptional(v.string()),
  medium: v.exactOptional(v.string()),
  lock: v.exactOptional(v.string()),
  recipient: v.exactOptional(v.string()),
});
const HandedOver = v.object({
  index: v.number(),
  custodian: v.string(),
  readBack: v.literal(true),
  copy: v.exactOptional(v.string()),
  custody: v.exactOptional(Custody),
});
type HandedOver = v.InferOutput<typeof HandedOver>;

/** A share that was encrypted to a key pair on its custodian's own token. */
const OnOwnToken = v.object({
  set: v.string(),
  index: v.number(),
  custodian: v.string(),
  custody: v.object({
    form: v.literal('own-token'),
    spki: v.string(),
    oaep: v.picklist(['sha256', 'sha1']),
    signature: v.string(),
  }),
});

/** See the head of this file. */
export class CustodyFormCheck implements LineCheck {
  private readonly plan: Plan;
  private readonly binding: () => Binding;
  private readonly roster: RosterSoFar;
  private readonly findings: Findings;

  /** @param binding the one in force at the line that was taken last */
  constructor(plan: Plan, binding: () => Binding, roster: RosterSoFar, findings: Findings) {
    this.plan = plan;
    this.binding = binding;
    this.roster = roster;
    this.findings = findings;
  }

  take({ line }: GoodLine): void {
    const done = resultOf(line);
    const told = v.safeParse(HandedOver, done);
    if (!told.success) return;
    if (!sameJson(told.output.custody ?? WORKSHEET, this.planned(line.step, told.output))) {
      // SECURITY(K-308): a share on a medium or a printer that nobody approved may be read by others.
      this.findings.add(TRANSCRIPT, line.seq, 'a share was handed over in another form than the plan gives it');
    }
    if (told.output.custody?.form !== 'own-token' || this.isVouchedFor(done)) return;
    // SECURITY(K-310): whoever has the key pair can read the share, and it may be anybody's.
    this.findings.add(TRANSCRIPT, line.seq, 'no custodian vouches for the key pair to which a share was encrypted');
  }

  end(_closing: LineWith<'ceremony.closed'> | null): void {
    // Whether every share was handed over is found when its step is complete.
  }

  private isVouchedFor(done: unknown): boolean {
    const told = v.safeParse(OnOwnToken, done);
    if (!told.success) return false;
    const { set, index, custodian, custody } = told.output;
    const key = this.roster.keyOf(custodian);
    const statement = shareKeyStatement({ set, index, spki: custody.spki, oaep: custody.oaep });
    return key !== null && isValidSignature(key, statement, Buffer.from(custody.signature, 'base64'));
  }

  /**
   * Copies are on worksheets, like the share that they are copies of; so is a share that is passed on, which is one of an
   * older set: the plan's forms are those of the set that it makes.
   */
  private planned(step: string | null, { index, custodian, copy }: HandedOver): v.InferOutput<typeof Custody> {
    const { share: _, ...form } = custodyFormOf(this.plan, index);
    const isPassedOn = this.plan.steps.some(({ id, action }) => id === step && action === 'shares.transfer');
    if (copy !== undefined || isPassedOn) return WORKSHEET;
    if (form.form !== 'age-file' || form.lock !== 'recipient') return form;
    const recipient = this.binding().people.find(({ id }) => id === custodian)?.age?.recipient;
    return { ...form, ...(recipient === undefined ? {} : { recipient }) };
  }
}

const WORKSHEET = { form: 'worksheet' } as const;

/** What came of an act that was done, by its outcome or by what was found of it later. */
function resultOf(line: GoodLine['line']): unknown {
  if (line.type === 'step.outcome' && line.body.act !== null) return line.body.result;
  return line.type === 'step.reconciled' && line.body.verdict === 'applied' ? line.body.observed : null;
}
