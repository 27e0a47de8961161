/**
 * A vendor's procedure on record: the devices were let go before people were asked, two people of different roles confirm
 * what the plan lists, and the units are found as the plan declares, compared with what they showed before.
 */
import * as v from 'valibot';
import type { Json } from '../canonical-json';
import type { Binding } from '../plan/binding-schema';
import type { Plan, StepOf } from '../plan/schema';
import { procedureStatement, type DeclaredAfter } from '../plan/taking-over-schema';
import type { Line, LineWith } from '../transcript/line';
import type { RosterSoFar } from '../transcript/roster-so-far';
import { Reading } from './check-readings';
import { OURS, ObjectsTold, objectsHash, sameJson, type StepWatch } from './step-watch';

const Register = v.object({ status: v.string(), pattern: v.nullable(v.string()) });
const Unit = v.object({
  ...Reading.entries,
  registers: v.object({ new: Register, current: Register }),
  objects: ObjectsTold,
});
const Released = v.object({ units: v.array(v.string()), modules: v.array(v.string()) });
const About = v.object({ unit: v.string() });
/** A token on which nothing of Keyrite is: neither identity nor state. */
const Strange = v.object({
  is: v.string(),
  identity: v.null(),
  challenge: v.null(),
  state: v.null(),
  token: v.object({ initialised: v.boolean(), userPinSet: v.boolean() }),
  objects: v.optional(ObjectsTold),
});

/** What a unit of Keyrite showed: hashes of its registers and of its objects. */
interface Shown {
  readonly registers: string;
  readonly objects: string;
}

/** Watches one step of the action. */
export class ProcedureWatch implements StepWatch {
  private readonly step: StepOf<'vendor.procedure'>;
  private readonly plan: Plan;
  private readonly binding: () => Binding;
  private readonly roster: RosterSoFar;
  private begun = false;
  private announced = false;
  private released = false;
  private done = false;
  private brought = false;
  /** Of each unit what the first reading before the procedure shows; null where it cannot be read. */
  private readonly before = new Map<string, Shown | null>();
  /** Of each unit the fault of the last reading of this attempt; null where it has none. */
  private readonly after = new Map<string, string | null>();
  private readonly confirmed = new Set<string>();

  constructor(step: StepOf<'vendor.procedure'>, plan: Plan, binding: () => Binding, roster: RosterSoFar) {
    this.step = step;
    this.plan = plan;
    this.binding = binding;
    this.roster = roster;
  }

  begin(): void {
    this.after.clear();
  }

  take(line: Line): void {
    if (line.type === 'fact.recorded') this.fact(line);
    if (line.type === 'step.confirmed' && this.released && !this.done) this.confirm(line);
    if (line.type === 'step.intent' && line.body.act === 'procedure') {
      this.begun = true;
      this.announced = this.isOfPlan(line);
      // What was confirmed after an announcement before stays so: people are not asked twice after a crash.
      this.done = false;
    }
    if (line.type === 'step.outcome' && line.body.act === 'procedure') this.done = this.announced;
    if (line.type === 'step.reconciled' && line.body.act === 'procedure') {
      this.done = this.announced && line.body.verdict === 'applied';
      if (line.body.verdict === 'not-applied') this.confirmed.clear();
    }
  }

  faults(isDeviated: boolean): readonly string[] {
    const { units, attach, after } = this.step;
    if (!this.done) return ['the act procedure was not done as the plan lists it'];
    return [
      ...(this.released ? [] : ['nothing tells that the devices were released before people were asked']),
      ...(this.isConfirmed() ? [] : ['two people of different roles must confirm the procedure']),
      ...(attach === 'required' && !this.brought && !isDeviated
        ? ['no file with the output of the tool, and no exception says why']
        : []),
      ...units.flatMap((unit) => {
        const fault = after.some((one) => one.unit === unit) ? this.after.get(unit) : 'nothing is declared of it';
        return fault === null ? [] : [`${unit}: ${fault ?? 'was not read after the procedure'}`];
      }),
    ];
  }

  private fact({ body: { fact, value, files } }: LineWith<'fact.recorded'>): void {
    if (fact === 'procedure.released' && this.begun && this.isRelease(value)) this.released = true;
    if (fact === 'procedure.output' && (files ?? []).length > 0) this.brought = true;
    const about = v.safeParse(About, value);
    if (!about.success || !this.step.units.includes(about.output.unit)) return;
    const { unit } = about.output;
    // What a unit showed once people were asked is no reading before.
    if (fact === 'procedure.before' && !this.before.has(unit))
      this.before.set(unit, this.begun ? null : shownIn(value));
    if (fact === 'procedure.after' && this.done) this.after.set(unit, this.faultOf(unit, value));
  }

  private isOfPlan({ body }: LineWith<'step.intent'>): boolean {
    const { tool, commands } = this.step;
    return sameJson(body.parameters['tool'] ?? null, tool) && sameJson(body.parameters['commands'] ?? null, commands);
  }

  private isRelease(value: Json): boolean {
    const told = v.safeParse(Released, value);
    if (!told.success) return false;
    const bound = this.binding().units.filter(({ id }) => this.step.units.includes(id));
    return (
      this.step.units.every((unit) => told.output.units.includes(unit)) &&
      bound.every(({ module }) => told.output.modules.includes(module))
    );
  }

  private confirm({ by, body }: LineWith<'step.confirmed'>): void {
    if (body.statement !== procedureStatement(this.step)) return;
    for (const id of by) if (this.step.by.includes(this.roster.positionOf(id) ?? '')) this.confirmed.add(id);
  }

  private isConfirmed(): boolean {
    const roleOf = new Map(this.plan.positions.map(({ id, role }) => [id, role]));
    const roles = [...this.confirmed].map((id) => roleOf.get(this.roster.positionOf(id) ?? ''));
    return new Set(roles).size >= 2;
  }

  private faultOf(unit: string, value: Json): string | null {
    const declared = this.step.after.find((one) => one.unit === unit);
    if (declared === undefined) return 'nothing is declared of it';
    return declared.is === 'as-before' ? this.comparedWithBefore(declared, value) : strangeFault(declared.is, value);
  }

  private comparedWithBefore(declared: DeclaredAfter & { is: 'as-before' }, value: Json): string | null {
    const before = this.before.get(declared.unit) ?? null;
    if (before === null) return 'was not read before people were asked';
    const shown = v.is(v.object({ is: v.literal('as-before') }), value) ? shownIn(value) : null;
    if (shown === null) return 'was not read as the unit that it was';
    if (shown.registers !== before.registers) return 'its registers do not hold what they held before';
    const same = declared.objects === 'recorded' || shown.objects === before.objects;
    return same ? null : 'its objects are not those that were there before';
  }
}

function shownIn(value: Json): Shown | null {
  const read = v.safeParse(Unit, value);
  if (!read.success) return null;
  const { registers, objects } = read.output;
  return { registers: objectsHash([registers.new, registers.current], 'in order'), objects: objectsHash(objects) };
}

function strangeFault(is: 'blank' | 'foreign', value: Json): string | null {
  const found = v.safeParse(Strange, value);
  if (!found.success || found.output.is !== is) return `was not found ${is}`;
  const { token, objects } = found.output;
  if (is === 'blank') return token.initialised ? 'was not found blank' : null;
  const isStrange = objects !== undefined && !objects.some(({ label }) => label.startsWith(OURS));
  return token.initialised && token.userPinSet && isStrange ? null : 'was not found foreign';
}
