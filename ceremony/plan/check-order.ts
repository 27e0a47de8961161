/**
 * Walks through the steps of a plan with the model and says which step cannot be carried out, why, and what would make
 * it possible. A step that is refused counts as done for the steps after it, so that one mistake gives one finding;
 * an absent position or a unit that is not imprinted is named at the first step that needs it.
 */
import { waysOf } from './authentication';
import { administratorsAdded, administratorsRemoved, thresholdsSet } from './check-administrators';
import { checkCustodyEnd, checkLedgerMaterials, custodyAfter } from './check-custody';
import {
  checkKeptShares,
  checkOldShares,
  shareTransferred,
  sharesDestroyed,
  sharesDrilled,
  sharesReshared,
  type ShareRules,
} from './check-shares';
import { keysAdopted, masterKeysAdopted, procedureDone, unitsAdopted } from './check-taking-over';
import {
  checkReplacing,
  keyGenerated,
  keysDestroyed,
  keysUnwrapped,
  keysWrapped,
  storeRotated,
  type KeyRules,
} from './check-keys';
import { Findings, counted } from './finding';
import { beginning, masterKeyOf, unitsToLoad, withUnits, type CeremonyModel, type UnitModel } from './model';
import { sharedKeyOf, insideOneUnit, positionsWithShares } from './master-key-scheme';
import { VOUCHERS, type Plan, type RoleCount, type Step, type StepOf } from './schema';

/** Adds a finding for every step that cannot be carried out, and for every end state that the steps do not lead to. */
export function checkOrder(plan: Plan, findings: Findings): void {
  checkFrame(plan, findings);
  checkLedgerMaterials(plan, findings);
  checkKeptShares(plan, findings);
  let model = beginning(plan);
  const said = new Set<string>();
  for (const step of plan.steps) model = new Walker(plan, model, step.id, findings, said).take(step);
  checkCustodyEnd(model.objects, findings);
  checkOldShares(plan, findings);
  checkEndState(plan, model, findings);
}

function checkFrame(plan: Plan, findings: Findings): void {
  const first = plan.steps[0];
  if (first !== undefined && first.action !== 'preflight') {
    findings.error(
      first.id,
      'preflight-not-first',
      'The first step is not a pre-flight: a device would be touched by a workstation that nobody looked at.',
      'Begin the plan with a step whose action is `preflight`.',
    );
  }
  const last = plan.steps.at(-1);
  for (const step of plan.steps.filter((one) => one.action === 'export' && one !== last)) {
    findings.error(
      step.id,
      'export-not-last',
      'Steps follow the export, and the exported bundle could not hold them.',
      'Make the export the last step, and the only one.',
    );
  }
  if (last !== undefined && last.action !== 'export') {
    findings.error(
      last.id,
      'export-not-last',
      'The plan does not end with an export, so no complete evidence bundle would be left.',
      'End the plan with a step whose action is `export`.',
    );
  }
}

function checkEndState(plan: Plan, model: CeremonyModel, findings: Findings): void {
  for (const [id, unit] of model.units) {
    const declared = plan.endState.find((one) => one.unit === id);
    if (declared === undefined) {
      findings.error(
        null,
        'end-state-missing',
        `No end state is declared for unit ${id}.`,
        `Add unit ${id} to \`endState\`: mode ${unit.mode}, masterKey ${masterKeyOf(unit)}, if that is what you want.`,
      );
      continue;
    }
    const differences = [
      declared.mode === unit.mode ? '' : `mode ${unit.mode}, not ${declared.mode}`,
      declared.masterKey === masterKeyOf(unit) ? '' : `masterKey ${masterKeyOf(unit)}, not ${declared.masterKey}`,
    ].filter((text) => text !== '');
    if (differences.length === 0) continue;
    findings.error(
      null,
      'end-state-differs',
      `The steps leave unit ${id} with ${differences.join(' and ')}.`,
      'Add or take out steps, or declare the end state that is meant.',
    );
  }
}

/**
 * The model after a step, whether or not the step can be carried out.
 *
 * @param findings takes what keeps the step from being carried out
 */
export function after(plan: Plan, model: CeremonyModel, step: Step, findings = new Findings()): CeremonyModel {
  return new Walker(plan, model, step.id, findings, new Set()).take(step);
}

/** Rules of one step. Each method returns the model after the step. */
class Walker implements KeyRules, ShareRules {
  private readonly plan: Plan;
  private readonly model: CeremonyModel;
  private readonly step: string;
  private readonly findings: Findings;
  /** What was said of a unit or position and would only be repeated for the steps that follow. */
  private readonly said: Set<string>;

  constructor(plan: Plan, model: CeremonyModel, step: string, findings: Findings, said: Set<string>) {
    this.plan = plan;
    this.model = model;
    this.step = step;
    this.findings = findings;
    this.said = said;
  }

  take(step: Step): CeremonyModel {
    this.afterPause(step);
    switch (step.action) {
      case 'preflight':
        return { ...this.model, lacks: this.model.lacks.filter((one) => one !== 'preflight') };
      case 'roll-call':
        return this.rollCall(step);
      case 'enrol':
        return this.enrol(step);
      case 'unit.initialise':
        return this.initialise(step);
      case 'unit.imprint':
        return this.imprint(step);
      case 'unit.administrators.add':
        return administratorsAdded(this.plan, this.model, step, this);
      case 'unit.administrators.remove':
        return administratorsRemoved(this.plan, this.model, step, this);
      case 'unit.thresholds':
        return thresholdsSet(this.plan, this.model, step, this);
      case 'unit.adopt':
        this.operators('adopt a unit');
        return unitsAdopted(this.model, step, this);
      case 'unit.zeroise':
        return this.zeroise(step);
      case 'unit.pin.change':
        return this.pins(step.units, [step.for]);
      case 'unit.pin.unlock':
        return this.pins(step.units, ['security-officer', 'user']);
      case 'unit.inventory':
        this.readable(step.units);
        return this.model;
      case 'unit.compare':
        return this.compare(step);
      case 'master-key.generate':
        return this.generate();
      case 'shares.distribute':
        return this.distribute();
      case 'shares.drill':
        return sharesDrilled(this.plan, this.model, step, this);
      case 'shares.transfer':
        return shareTransferred(this.plan, this.model, step, this);
      case 'shares.reshare':
        return sharesReshared(this.plan, this.model, step, this);
      case 'shares.destroy':
        return sharesDestroyed(this.plan, this.model, step, this);
      case 'master-key.load':
        return this.load(step);
      case 'master-key.verify':
        return this.verify(step);
      case 'master-key.commit':
        return this.commit(step);
      case 'master-key.activate':
        return this.activate(step);
      case 'master-key.clear':
        return this.clear(step);
      case 'master-key.adopt':
        this.operators('adopt a master key');
        return masterKeysAdopted(this.model, step, this);
      case 'key.adopt':
        this.operators('adopt keys');
        this.readable([step.unit]);
        return keysAdopted(this.model, step, this);
      case 'vendor.procedure':
        return procedureDone(this.plan, this.model, step, this);
      case 'master-key.rotate':
        return storeRotated(this.model, step, this);
      case 'key.generate':
        return keyGenerated(this.model, step, this);
      case 'key.wrap':
        return keysWrapped(this.model, step, this);
      case 'key.unwrap':
        return keysUnwrapped(this.model, step, this);
      case 'key.destroy':
        return keysDestroyed(this.model, step, this);
      case 'key.package':
        return this.package(step);
      case 'fact':
        this.present(step.by, 'answer');
        return this.model;
      case 'custody':
        this.present(step.by, 'sign for what is in custody');
        return { ...this.model, objects: custodyAfter(this.plan, this.model.objects, step, this.findings) };
      case 'statement':
        this.present(step.by, 'confirm the statement');
        return this.model;
      case 'checkpoint':
        this.quorum(step.signers, 'sign the checkpoint');
        return this.model;
      case 'pause':
        return this.pause(step);
      case 'export':
        this.quorum(this.plan.signOff.quorum, 'sign the last checkpoint');
        return this.model;
    }
  }

  /** A session begins with a pre-flight and a roll-call: another day, perhaps another workstation and other people. */
  private afterPause({ action }: Step): void {
    const [missing] = this.model.lacks;
    if (missing === undefined || action === missing || this.said.has('after pause')) return;
    this.said.add('after pause');
    this.error(
      'no-preflight-after-pause',
      `A ${missing} is missing: after a pause nobody has looked at the workstation, and nobody is known to be there.`,
      'After the pause put a `preflight`, then a `roll-call`, and then the other steps.',
    );
  }

  private enrol(step: StepOf<'enrol'>): CeremonyModel {
    const people = this.plan.positions
      .filter(({ id }) => step.vouchers.includes(id) && this.model.present.has(id))
      .reduce((sum, { count }) => sum + count, 0);
    if (people < VOUCHERS) {
      this.error(
        'too-few-vouchers',
        `Two people must vouch for somebody who is enrolled, and ${counted(people, 'person', 'people')} of ${step.vouchers.join(', ')} ${people === 1 ? 'was' : 'were'} called before.`,
        'Name more positions in `vouchers`, and call them in a `roll-call` before this step.',
      );
    }
    const position = this.plan.positions.find(({ id }) => id === step.position);
    if (position !== undefined && position.alternates === 0) {
      this.error(
        'no-seat-to-enrol',
        `Position ${position.id} has no alternates, so that nobody can be added to its people.`,
        `Set \`alternates\` of ${position.id} to as many as may be enrolled.`,
      );
    }
    return this.model;
  }

  private pause(step: StepOf<'pause'>): CeremonyModel {
    this.present(step.by, 'state the numbers of the seals');
    this.quorum(step.signers, 'sign the checkpoint');
    if (this.model.set === 'generated') {
      this.error(
        'pause-while-shares-live',
        'The shares are in the share process only, which ends with the session: the master key would be lost.',
        'Put `shares.distribute` before the pause.',
      );
    }
    this.said.delete('after pause');
    return { ...this.model, present: new Set(), lacks: ['preflight', 'roll-call'] };
  }

  private rollCall(step: StepOf<'roll-call'>): CeremonyModel {
    for (const id of step.positions) {
      const position = this.plan.positions.find((one) => one.id === id);
      if (position?.attends === false) {
        this.error(
          'position-does-not-attend',
          `Position ${id} is called, but the plan says that its people are not in the room.`,
          `Set \`attends: true\` for ${id}, or do not call it.`,
        );
      }
    }
    return {
      ...this.model,
      present: new Set([...this.model.present, ...step.positions]),
      lacks: this.model.lacks.filter((one) => one !== 'roll-call'),
    };
  }

  private initialise(step: StepOf<'unit.initialise'>): CeremonyModel {
    this.operators('initialise a unit');
    for (const pin of this.plan.pins.filter((one) => one.units.some((unit) => step.units.includes(unit)))) {
      this.present([pin.madeBy, pin.heldBy], `make and hold PIN ${pin.id}`);
    }
    this.eachUnit(step.units, (id, unit) => {
      if (unit.mode === 'blank' || this.notThere(id, unit)) return;
      this.error(
        'unit-not-blank',
        `Unit ${id} is in ${unit.mode} mode by then; Keyrite never initialises a token that is initialised already.`,
        `Take ${id} out of this step, or declare that it begins blank if its token is new.`,
      );
    });
    return withUnits(this.model, step.units, () => ({
      mode: 'imprint',
      administrators: null,
      signatureThreshold: 0,
      revocationThreshold: 0,
      new: 'empty',
      current: 'empty',
      verifiedWith: new Set(),
    }));
  }

  private imprint(step: StepOf<'unit.imprint'>): CeremonyModel {
    this.present([step.administrators], 'become administrators');
    this.userPin(step.units);
    this.eachUnit(step.units, (id, unit) => {
      if (this.notOurs(id, unit)) return;
      if (unit.mode === 'blank') {
        this.error(
          'unit-not-imprint',
          `Unit ${id} is blank: it has no identity and nobody can command it.`,
          `Initialise ${id} with \`unit.initialise\` before this step.`,
        );
      } else if (unit.mode === 'zeroised') this.zeroised(id);
      else if (unit.mode === 'operational') {
        this.error(
          'unit-not-imprint',
          `Unit ${id} has left imprint mode by then and has its administrators.`,
          `Take ${id} out of this step; administrators of an operational unit are changed by signed commands.`,
        );
      }
    });
    return withUnits(this.model, step.units, (unit) => ({
      mode: 'operational',
      administrators: [step.administrators],
      signatureThreshold: step.signatureThreshold,
      revocationThreshold: step.revocationThreshold,
      new: unit.new,
    }));
  }

  private zeroise(step: StepOf<'unit.zeroise'>): CeremonyModel {
    this.operators('zeroise a unit');
    this.userPin(step.units);
    this.eachUnit(step.units, (id, unit) => {
      this.operational(id, unit, 'is zeroised by a signed command');
      this.threshold(unit, id);
    });
    return withUnits(this.model, step.units, () => ({
      mode: 'zeroised',
      administrators: [],
      signatureThreshold: 0,
      revocationThreshold: 0,
      new: 'empty',
      current: 'empty',
      verifiedWith: new Set(),
    }));
  }

  /** PINs are made or given, and nothing of the unit changes. */
  private pins(units: readonly string[], kinds: readonly Plan['pins'][number]['for'][]): CeremonyModel {
    this.operators('change a PIN');
    const pins = this.plan.pins.filter(
      (pin) => kinds.includes(pin.for) && pin.units.some((unit) => units.includes(unit)),
    );
    for (const pin of pins) this.present([pin.madeBy, pin.heldBy], `make and hold PIN ${pin.id}`);
    this.initialised(units);
    return this.model;
  }

  private compare(step: StepOf<'unit.compare'>): CeremonyModel {
    if (step.units.length < 2) {
      this.error(
        'compare-one-unit',
        'A comparison needs two units or more; this step names one.',
        'Name another unit, or use `unit.inventory` to look at one.',
      );
    }
    this.readable(step.units);
    const known = step.units.flatMap((id) => {
      const unit = this.model.units.get(id);
      return unit === undefined ? [] : [{ id, unit }];
    });
    const first = known[0];
    for (const { id, unit } of known.slice(1)) {
      const difference = first === undefined ? null : differenceOf(first.unit, unit);
      if (first === undefined || difference === null) continue;
      this.error(
        'units-differ',
        `Units ${first.id} and ${id} differ in ${difference} by then, so the comparison would fail.`,
        `Bring ${first.id} and ${id} to the same state before this step, or compare later.`,
      );
    }
    return this.model;
  }

  private generate(): CeremonyModel {
    this.operators('generate the master key');
    this.masterKeyAllowed();
    if (this.model.set !== 'none') {
      this.error(
        'set-generated-twice',
        'A set of shares was generated before; custodians would hold shares of two.',
        'Generate the master key once, and make a second plan for a second set.',
      );
    }
    const inside = insideOneUnit(this.plan);
    return inside === null ? { ...this.model, set: 'generated' } : this.generateInside(inside.unit);
  }

  private generateInside(unit: string): CeremonyModel {
    this.userPin([unit]);
    this.eachUnit([unit], (id, held) => {
      this.operational(id, held, 'makes a master key');
      this.newRegisterEmpty(id, held);
    });
    return withUnits({ ...this.model, set: 'inside' }, [unit], () => ({ new: 'uncommitted', verifiedWith: new Set() }));
  }

  /** Of a master key that is made inside a unit nothing ever comes out. */
  private hasShares(): boolean {
    const inside = insideOneUnit(this.plan);
    if (inside === null) return true;
    this.error(
      'made-inside-stays',
      `The master key ${inside.id} is made inside unit ${inside.unit} and stays there: there are no shares of it, and no other unit can have it.`,
      'Take this step out; or declare `scheme: components`, if more than one unit is to have the key or it is to be brought back after a loss.',
    );
    return false;
  }

  private distribute(): CeremonyModel {
    this.masterKeyAllowed();
    if (!this.hasShares()) return this.model;
    this.present(positionsWithShares(this.plan), 'receive and read back their shares');
    if (this.model.set === 'none') {
      this.error(
        'set-not-generated',
        'There are no shares to hand out yet.',
        'Generate the master key with `master-key.generate` before this step.',
      );
    } else if (this.model.set === 'distributed') {
      this.error('shares-distributed-twice', 'The shares were handed out and read back before.', 'Take this step out.');
    }
    return { ...this.model, set: 'distributed' };
  }

  private load(step: StepOf<'master-key.load'>): CeremonyModel {
    this.masterKeyAllowed();
    if (!this.hasShares()) return this.model;
    this.custodians('load their shares');
    this.userPin(step.units);
    if (this.model.set !== 'distributed') {
      this.error(
        'shares-not-distributed',
        'Units load what the custodians read back, and nothing was handed out and read back yet.',
        'Put `shares.distribute` before this step.',
      );
    }
    this.eachUnit(step.units, (id, unit) => {
      this.operational(id, unit, 'loads a share');
      this.newRegisterEmpty(id, unit);
    });
    // What is rotated is rotated to the key that is there; another one means all over again.
    return withUnits({ ...this.model, set: 'distributed', rotated: new Set() }, step.units, () => ({
      new: 'uncommitted',
      verifiedWith: new Set(),
    }));
  }

  private newRegisterEmpty(id: string, unit: UnitModel): void {
    if (unit.new === 'uncommitted' || unit.new === 'committed') {
      this.error(
        'new-register-full',
        `The new register of unit ${id} holds a master key already.`,
        `Load ${id} once, or activate what it holds before this step.`,
      );
    }
    this.unknownRegister(id, unit.new, 'new');
  }

  private verify(step: StepOf<'master-key.verify'>): CeremonyModel {
    this.userPin(step.units);
    this.eachUnit(step.units, (id, unit) => {
      this.operational(id, unit, 'has a master key');
      const held = step.register === 'new' ? unit.new : unit.current;
      if (held === 'empty') {
        this.error(
          'register-empty',
          `The ${step.register} register of unit ${id} is empty by then: there is no pattern to verify.`,
          step.register === 'new'
            ? `Load ${id} before this step, and activate it after.`
            : `Activate the master key of ${id} before this step.`,
        );
      }
      this.unknownRegister(id, held, step.register);
    });
    // It can only be carried out where there is a key.
    if (step.register === 'current')
      return withUnits(this.model, step.units, ({ current }) => ({
        current: current === 'unknown' ? 'valid' : current,
      }));
    return withUnits(this.model, step.units, () => ({ verifiedWith: new Set(step.units) }));
  }

  private commit(step: StepOf<'master-key.commit'>): CeremonyModel {
    this.operators('commit the master key');
    this.userPin(step.units);
    const all = unitsToLoad(this.plan);
    this.eachUnit(step.units, (id, unit) => {
      this.operational(id, unit, 'commits a master key');
      this.threshold(unit, id);
      if (unit.new === 'empty') {
        this.error(
          'register-empty',
          `The new register of unit ${id} is empty by then: there is nothing to commit.`,
          `Load ${id} with \`master-key.load\` before this step.`,
        );
        return;
      }
      if (unit.new === 'committed') {
        this.error(
          'register-empty',
          `Unit ${id} was committed before; its new register holds nothing uncommitted.`,
          `Take ${id} out of this step.`,
        );
        return;
      }
      this.unknownRegister(id, unit.new, 'new');
      const missing = all.filter((one) => one !== id && !unit.verifiedWith.has(one));
      if (!unit.verifiedWith.has(id) || missing.length > 0) {
        const how = missing.length > 0 ? `compared with ${missing.join(', ')}` : 'verified';
        this.error(
          'not-verified',
          `The new register of unit ${id} was not ${how} before the commit, after which nothing is taken back.`,
          `Before this step, load every unit and put \`master-key.verify\` with register new, naming ${all.length > 0 ? all.join(', ') : id}.`,
        );
      }
    });
    return withUnits(this.model, step.units, () => ({ new: 'committed' }));
  }

  private activate(step: StepOf<'master-key.activate'>): CeremonyModel {
    this.operators('activate the master key');
    this.userPin(step.units);
    this.eachUnit(step.units, (id, unit) => {
      this.operational(id, unit, 'activates a master key');
      if (unit.new === 'empty' || unit.new === 'uncommitted') {
        this.error(
          'not-committed',
          `Unit ${id} has no committed master key by then.`,
          `Commit ${id} with \`master-key.commit\` before this step.`,
        );
      }
      checkReplacing(this.plan, this.model, id, unit, this);
      this.unknownRegister(id, unit.new, 'new');
      this.unknownRegister(id, unit.current, 'current');
    });
    return withUnits(this.model, step.units, () => ({ new: 'empty', current: 'valid', verifiedWith: new Set() }));
  }

  private clear(step: StepOf<'master-key.clear'>): CeremonyModel {
    this.operators('clear a register');
    this.userPin(step.units);
    this.eachUnit(step.units, (id, unit) => {
      this.operational(id, unit, 'has a register to clear');
      if (unit.new === 'committed') this.threshold(unit, id);
      if (unit.new === 'empty') {
        this.error(
          'register-empty',
          `The new register of unit ${id} is empty by then: there is nothing to clear.`,
          `Take ${id} out of this step.`,
        );
      }
      this.unknownRegister(id, unit.new, 'new');
    });
    return withUnits(this.model, step.units, () => ({ new: 'empty', verifiedWith: new Set() }));
  }

  private package(step: StepOf<'key.package'>): CeremonyModel {
    this.operators('make a key package');
    this.userPin([step.unit]);
    this.eachUnit([step.unit], (id, unit) => {
      this.operational(id, unit, 'makes a key');
    });
    if (this.model.parameters.has(step.parameters)) {
      this.error(
        'parameters-used-twice',
        `The wrapping parameters ${step.parameters} served another package; a service takes each nonce or import token once.`,
        'Collect parameters of their own for this package, and give them another name.',
      );
    }
    if (step.purpose === 'create' && this.model.keys.has(step.key.name)) {
      this.error(
        'key-twice',
        `The key ${step.key.name} was created before.`,
        'Give the key another name, or set `purpose: rotate`.',
      );
    }
    const ways = waysOf(step.authenticate);
    for (const way of ways) if (way.by === 'read-back') this.readBack(way.positions);
    if (ways.some((way) => way.by === 'two-collectors' && way.second === step.parameters)) {
      this.error(
        'one-collector',
        `Both collectors' parameters are ${step.parameters}: a file compared with itself proves nothing.`,
        'Name the parameters that the second collector fetched.',
      );
    }
    if (step.target === 'aws-kms' && ways.some((way) => way.by === 'two-collectors')) {
      this.error(
        'key-for-each-request',
        'AWS KMS gives each request another wrapping key: two collectors never have the same.',
        'Have people read the fingerprint back, or pin it.',
      );
    }
    return {
      ...this.model,
      keys: new Set([...this.model.keys, step.key.name]),
      parameters: new Set([...this.model.parameters, step.parameters]),
    };
  }

  private readBack(positions: readonly string[]): void {
    this.present(positions, 'compare the fingerprint');
    const people = this.plan.positions
      .filter((one) => positions.includes(one.id))
      .reduce((sum, one) => sum + one.count, 0);
    if (people >= 2) return;
    this.warn(
      'read-back-alone',
      'One person alone compares the fingerprint of the wrapping key.',
      'Name positions with two people or more, a witness among them.',
    );
  }

  private masterKeyAllowed(): void {
    if (this.plan.masterKey === undefined) {
      this.error(
        'no-master-key',
        'The plan declares no master key: how many shares there are, and whose.',
        'Declare `masterKey`.',
      );
    }
  }

  private custodians(duty: string): void {
    const shared = sharedKeyOf(this.plan);
    if (shared !== null) this.present([shared.custodians], duty);
  }

  /** The operators are the crypto administrators: one of them at least is present. */
  operators(duty: string): void {
    const operators = this.plan.positions.filter((one) => one.role === 'crypto-administrator');
    if (operators.length === 0 || operators.some((one) => this.model.present.has(one.id))) return;
    if (operators.every((one) => this.said.has(`absent ${one.id}`))) return;
    for (const one of operators) this.said.add(`absent ${one.id}`);
    this.error(
      'position-not-present',
      `No crypto administrator was called before, to ${duty}.`,
      `Put a \`roll-call\` with ${operators.map((one) => one.id).join(', ')} before this step.`,
    );
  }

  threshold(unit: UnitModel, id: string): void {
    if (unit.administrators !== null) this.present(unit.administrators, `sign for unit ${id}`);
  }

  private quorum(signers: readonly RoleCount[], duty: string): void {
    for (const { role, count } of signers) {
      const there = this.plan.positions.filter((one) => one.role === role && this.model.present.has(one.id));
      const people = there.reduce((sum, one) => sum + one.count, 0);
      if (people >= count) continue;
      this.error(
        'too-few-people',
        `${String(count)} × ${role} must ${duty}, and ${counted(people, 'such person', 'such people')} ${people === 1 ? 'was' : 'were'} called before.`,
        `Call more of them in a \`roll-call\` before this step, or ask for fewer.`,
      );
    }
  }

  present(positions: readonly string[], duty: string): void {
    for (const id of new Set(positions)) {
      const position = this.plan.positions.find((one) => one.id === id);
      if (position === undefined || this.model.present.has(id) || this.said.has(`absent ${id}`)) continue;
      this.said.add(`absent ${id}`);
      this.error(
        'position-not-present',
        `Position ${id} must ${duty}, and no roll-call named it before.`,
        `Put a \`roll-call\` with ${id} before this step.`,
      );
    }
  }

  /** Every reading of a unit logs in, so the people who hold its user PIN are there. */
  userPin(units: readonly string[]): void {
    const pins = this.plan.pins.filter((pin) => pin.for === 'user' && pin.units.some((unit) => units.includes(unit)));
    for (const pin of pins) this.present([pin.heldBy], `enter PIN ${pin.id}`);
  }

  private readable(units: readonly string[]): void {
    this.userPin(units);
    this.initialised(units);
  }

  private initialised(units: readonly string[]): void {
    this.eachUnit(units, (id, unit) => {
      if (unit.mode === 'zeroised') this.zeroised(id);
      if (this.notOurs(id, unit) || unit.mode !== 'blank') return;
      this.error(
        'unit-blank',
        `Unit ${id} is blank by then: it has neither an identity nor a state to read.`,
        `Initialise ${id} with \`unit.initialise\` before this step.`,
      );
    });
  }

  operational(id: string, unit: UnitModel, what: string): void {
    if (unit.mode === 'zeroised') {
      this.zeroised(id);
      return;
    }
    if (unit.mode === 'operational' || this.notOurs(id, unit) || this.said.has(`not imprinted ${id}`)) return;
    this.said.add(`not imprinted ${id}`);
    const state = unit.mode === 'blank' ? 'is blank' : 'is in imprint mode';
    this.error(
      'unit-not-imprinted',
      `Unit ${id} ${state} by then; only an operational unit ${what}.`,
      `${unit.mode === 'blank' ? `Initialise and imprint ${id}` : `Imprint ${id}`} before this step.`,
    );
  }

  private zeroised(id: string): void {
    if (this.said.has(`zeroised ${id}`)) return;
    this.said.add(`zeroised ${id}`);
    this.error(
      'unit-zeroised',
      `Unit ${id} was zeroised before: nothing is on its token any more, and it takes no command.`,
      `Take ${id} out of this step, or put the step before the one that zeroises it.`,
    );
  }

  /** Whether the unit is no unit of Keyrite by then, nor a token that could be initialised; says so once. */
  private notOurs(id: string, unit: UnitModel): boolean {
    if (unit.mode !== 'foreign') return this.notThere(id, unit);
    if (this.said.has(`foreign ${id}`)) return true;
    this.said.add(`foreign ${id}`);
    this.error(
      'unit-foreign',
      `Unit ${id} is a token of others by then: it has neither an identity nor a state, and nobody can command it.`,
      `Take ${id} over with \`unit.adopt\` before this step.`,
    );
    return true;
  }

  private notThere(id: string, unit: UnitModel): boolean {
    if (unit.mode !== 'absent') return false;
    if (this.said.has(`absent ${id}`)) return true;
    this.said.add(`absent ${id}`);
    this.error(
      'unit-absent',
      `Unit ${id} has no token by then: nothing makes one before this step.`,
      `Put a \`vendor.procedure\` that makes the token of ${id} before this step, or declare that it begins blank.`,
    );
    return true;
  }

  unknownRegister(id: string, held: UnitModel['new'] | UnitModel['current'], register: 'new' | 'current'): void {
    if (held !== 'unknown') return;
    this.warn(
      'register-unknown',
      `Unit ${id} has a history, and the plan cannot know what its ${register} register holds; on the day the unit may refuse.`,
      `Look the ${register} register up in the last bundle of ${id}.`,
    );
  }

  eachUnit(ids: readonly string[], look: (id: string, unit: UnitModel) => void): void {
    for (const id of new Set(ids)) {
      const unit = this.model.units.get(id);
      if (unit !== undefined) look(id, unit);
    }
  }

  error(...finding: Parameters<Findings['error']> extends [unknown, ...infer Rest] ? Rest : never): void {
    this.findings.error(this.step, ...finding);
  }

  private warn(...finding: Parameters<Findings['warn']> extends [unknown, ...infer Rest] ? Rest : never): void {
    this.findings.warn(this.step, ...finding);
  }
}

/** What a comparison of two units would find different; null when they are alike, or the plan cannot know. */
function differenceOf(left: UnitModel, right: UnitModel): string | null {
  const differ = <T>(one: T, other: T, unknown: T): boolean => one !== unknown && other !== unknown && one !== other;
  if (left.mode !== right.mode) return 'mode';
  if (differ(positionsIn(left), positionsIn(right), null)) return 'administrators';
  if (differ(left.signatureThreshold, right.signatureThreshold, null)) return 'signature threshold';
  if (differ(left.revocationThreshold, right.revocationThreshold, null)) return 'revocation threshold';
  if (differ<UnitModel['new']>(left.new, right.new, 'unknown')) return 'the new register';
  if (differ<UnitModel['current']>(left.current, right.current, 'unknown')) return 'the current register';
  return null;
}

function positionsIn({ administrators }: UnitModel): string | null {
  return administrators === null ? null : administrators.toSorted().join(' ');
}
