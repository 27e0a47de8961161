/** A ceremony under way for the main window: a pure function of plan, binding, record and what is asked now. */
import type { Ceremony } from '../../ceremony/engine/ceremony';
import type { Documents } from '../../ceremony/engine/open';
import { instructions } from '../../ceremony/plan/instructions';
import type { Plan, Step } from '../../ceremony/plan/schema';
import { WAIVABLE } from '../../ceremony/plan/waivable';
import type { RaisedException } from '../../ceremony/transcript/raised-exception';
import { EXCEPTION_KINDS } from '../../ceremony/transcript/exception-kinds';
import { words } from '../../ceremony/words';
import type { PersonView, RunView, StepView, TaskView, UnitView } from '../../ipc/view';
import { phaseOf } from './plan-view';
import type { RunStory } from './run-story';
import { irreversible } from './step-words';

/** What a run is shown from. */
export interface RunState {
  readonly documents: Documents;
  readonly folder: string;
  /** Null until the ceremony is opened or resumed. */
  readonly ceremony: Ceremony | null;
  readonly story: RunStory;
  readonly isPlayed: (participant: string) => boolean;
  readonly present: number | null;
  readonly stage: string;
  readonly task: TaskView;
  /** Those who have confirmed what is asked now. */
  readonly confirmed: readonly string[];
  readonly notices: RunView['notices'];
  readonly result: RunView['result'];
  /** Raised, and not yet in the record. */
  readonly queued: readonly RaisedException[];
  /** Said of people coming and going, and not yet carried out. */
  readonly changes: RunView['changes'];
  readonly stopping: boolean;
}

/** The view. */
export function runView(state: RunState): RunView {
  const { documents, ceremony, story, present, stage, task } = state;
  const { plan, sha256 } = documents.plan;
  const { binding } = documents.binding;
  const size = ceremony?.size ?? 0;
  const root = ceremony === null || size === 0 ? null : ceremony.root;
  return {
    ceremony: binding.ceremony,
    title: plan.title,
    mode: binding.mode,
    folder: state.folder,
    planSha256: sha256,
    planWords: words(Buffer.from(sha256, 'hex')),
    steps: plan.steps.map((step, index) => stepView(state, step, index === present)),
    present,
    stage,
    task,
    notices: state.notices,
    result: state.result,
    set: story.set,
    observations: [...story.observations],
    people: peopleOf(state).map((person) => personView(state, person)),
    quorum: plan.signOff.quorum.map(({ role, count }) => ({
      role,
      count,
      present: ceremony === null ? 0 : ceremony.record.presentWith(role).length,
    })),
    units: plan.units.map((unit) => unitView(state, unit)),
    transcript: {
      size,
      root,
      rootWords: root === null ? '' : words(Buffer.from(root, 'hex')),
      lines: [...story.lines],
    },
    exceptions: {
      recorded: ceremony?.record.exceptions ?? 0,
      waiting: [...(ceremony?.record.raised ?? []), ...state.queued].map(({ step, kind, happened }) => ({
        step,
        kind: EXCEPTION_KINDS.find((one) => one === kind) ?? 'other',
        happened,
      })),
    },
    changes: state.changes,
    stopping: state.stopping,
  };
}

/** Those of the binding, and whoever was enrolled on the day. */
function peopleOf({ documents, ceremony }: RunState): Pick<PersonView, 'id' | 'name' | 'position'>[] {
  const { people } = documents.binding.binding;
  const enrolled = [...(ceremony?.record.enrolled ?? [])].filter(([id]) => !people.some((one) => one.id === id));
  return [...people, ...enrolled.map(([id, { entry, position }]) => ({ id, name: entry.name, position }))];
}

function stepView({ documents, ceremony, story }: RunState, step: Step, isPresent: boolean): StepView {
  const { plan } = documents.plan;
  const record = ceremony?.record.step(step.id);
  const times = story.timesOf(step.id);
  const settled = { complete: 'done', excepted: 'excepted', begun: null } as const;
  return {
    id: step.id,
    title: step.title,
    action: step.action,
    phase: phaseOf(plan, step.phase),
    minutes: step.minutes ?? null,
    status: settled[record?.status ?? 'begun'] ?? (isPresent ? 'present' : 'waiting'),
    attempts: record?.attempts ?? 0,
    began: times?.began ?? null,
    ended: times?.ended ?? null,
    instructions: instructions(plan, step),
    irreversible: irreversible(plan, step),
    waivable: WAIVABLE.includes(step.action),
  };
}

function personView(
  { documents, ceremony, isPlayed, task, confirmed }: RunState,
  { id, name, position }: { readonly id: string; readonly name: string; readonly position: string },
): PersonView {
  const seat = documents.plan.plan.positions.find((one) => one.id === position);
  return {
    id,
    name,
    position,
    roles: seat === undefined ? [] : [seat.role],
    attends: seat?.attends ?? false,
    present: ceremony?.record.isPresent(id) ?? false,
    left: ceremony?.record.hasLeft(id) ?? false,
    played: isPlayed(id),
    asked: askedNow(task).includes(id),
    confirmed: confirmed.includes(id),
  };
}

function askedNow(task: TaskView): readonly string[] {
  if (task.kind === 'person') return [task.who];
  if (task.kind === 'clock') return [task.who];
  return task.kind === 'confirm' || task.kind === 'ask' || task.kind === 'attach' ? task.by : [];
}

function unitView({ documents, ceremony, story }: RunState, unit: Plan['units'][number]): UnitView {
  const { seen, serial, identity, registers } = story.unit(unit.id);
  const known = ceremony?.record.unit(unit.id) ?? null;
  return {
    id: unit.id,
    name: unit.name,
    label: unit.label,
    module: documents.binding.binding.units.find(({ id }) => id === unit.id)?.module ?? unit.id,
    serial: serial ?? known?.state.serial ?? boundSerial(documents, unit.id),
    identity: known?.identity ?? identity,
    mode: known?.state.mode ?? (seen ? 'blank' : 'unknown'),
    administrators: known?.state.administrators.map(({ id }) => nameIn(documents, id)) ?? [],
    signatureThreshold: known?.state.signatureThreshold ?? 0,
    revocationThreshold: known?.state.revocationThreshold ?? 0,
    counter: known?.state.counter ?? null,
    registers,
    ...atWork(ceremony, unit.id),
    enforcedBy: 'Enforced by Keyrite only',
  };
}

function atWork(ceremony: Ceremony | null, unit: string): Pick<UnitView, 'atWork'> {
  const where = ceremony?.atWork.get(unit);
  return where === undefined ? {} : { atWork: where };
}

/** Until a token was read, the serial by which the binding has it found. */
function boundSerial({ binding }: Documents, unit: string): string | null {
  return binding.binding.units.find(({ id }) => id === unit)?.address.serial ?? null;
}

function nameIn({ binding }: Documents, id: string): string {
  return binding.binding.people.find((one) => one.id === id)?.name ?? id;
}
