/**
 * The PKCS#11 calls of a plan, in order, without touching a device. It says what a step does when nothing goes wrong,
 * on tokens that have every mechanism Keyrite prefers; which module a token is behind is for the binding to say.
 */
import { after } from './check-order';
import { beginning, type CeremonyModel } from './model';
import type { Plan, RoleCount, Step, StepOf } from './schema';

/**
 * Lines to print: one for each step, and below it one for each call or run of calls: who or what is addressed, the
 * calls, what for. `INTENT` marks what is on disk, fsynced, before the lines below it are carried out. Never throws for
 * a plan that `readPlan` gave.
 */
export function dryRun(plan: Plan): string[] {
  const lines = [`${plan.id}: ${String(plan.steps.length)} steps. No device is touched.`];
  const bench = new Bench(plan);
  lines.push('', '0. before the first step', ...bench.approval());
  let model = beginning(plan);
  for (const [index, step] of plan.steps.entries()) {
    lines.push('', `${String(index + 1)}. ${step.id} (${step.action}): ${step.title}`);
    lines.push(...bench.take(step, model, plan.steps[index + 1]));
    model = after(plan, model, step);
  }
  return lines;
}

/** Whose tokens sign a command, and how many of them. */
interface Signers {
  readonly position: string;
  readonly people: string;
}

/** The units on the workbench: which of them are logged in, and the calls that each step makes. */
class Bench {
  private readonly plan: Plan;
  private lines: string[] = [];
  private model: CeremonyModel;
  private readonly loggedIn = new Set<string>();

  constructor(plan: Plan) {
    this.plan = plan;
    this.model = beginning(plan);
  }

  take(step: Step, model: CeremonyModel, next: Step | undefined): string[] {
    this.lines = [];
    this.model = model;
    this.calls(step);
    if (this.lines.length === 0) this.note('no PKCS#11 call');
    this.end(step, next);
    return this.lines;
  }

  /** Approvers sign plan and binding before line 0 is written. */
  approval(): string[] {
    this.lines = [];
    this.cards(
      this.plan.approval.position,
      this.people(this.plan.approval.position),
      'approval of plan and binding, unless it is there already',
    );
    return this.lines;
  }

  private calls(step: Step): void {
    switch (step.action) {
      case 'preflight':
        this.call(
          'each module',
          'C_Initialize, C_GetInfo, C_GetSlotList, C_GetSlotInfo, C_GetTokenInfo',
          'its file has the bound SHA-256; what it says is recorded, not believed',
        );
        return;
      case 'roll-call':
        for (const position of step.positions)
          this.cards(position, this.people(position), 'presence, over line 0 and the head of the transcript');
        return;
      case 'unit.initialise':
        for (const unit of step.units) this.initialise(unit);
        return;
      case 'unit.imprint':
        for (const unit of step.units) this.imprint(unit, step);
        return;
      case 'unit.administrators.add':
        for (const unit of step.units) this.addAdministrators(unit, step.administrators, this.threshold(unit));
        return;
      case 'unit.administrators.remove':
        for (const unit of step.units) {
          for (let index = 1; index <= this.count(step.administrators); index += 1) {
            this.command(unit, `administrator.remove ${step.administrators} ${String(index)}`, this.revocation(unit));
          }
        }
        return;
      case 'unit.thresholds':
        for (const unit of step.units) {
          const thresholds = `${String(step.signatureThreshold)}/${String(step.revocationThreshold)}`;
          const old = this.model.units.get(unit)?.signatureThreshold ?? null;
          const people = old === null ? 'threshold' : String(Math.max(old, step.signatureThreshold));
          this.command(unit, `thresholds.set ${thresholds}`, { position: this.administrators(unit), people });
        }
        return;
      case 'unit.zeroise':
        for (const unit of step.units) this.zeroise(unit);
        return;
      case 'unit.inventory':
        for (const unit of step.units) {
          this.read(unit);
          this.call(
            unit,
            'C_FindObjectsInit, C_FindObjects, C_FindObjectsFinal, C_GetAttributeValue',
            'every object, and the attributes that matter; a secret key gives its check value',
          );
          this.call(
            unit,
            'C_OpenSession, C_GenerateKey, C_GenerateKeyPair, C_CopyObject, C_SetAttributeValue, C_WrapKey, C_UnwrapKey, C_DeriveKey, C_CloseSession',
            'the capability report: known answers and tries, on session objects that are made for it',
          );
        }
        return;
      case 'unit.compare':
        for (const unit of step.units) this.read(unit);
        return;
      case 'master-key.generate':
        this.intent('generate master key');
        this.note(
          'share process: makes the master key as components; commitments and verification pattern leave it, nothing else',
        );
        return;
      case 'shares.distribute':
        for (let index = 1; index <= (this.plan.masterKey?.shares ?? 0); index += 1) {
          this.intent(`hand out share ${String(index)}`);
          this.note(
            `share process and custodian ${String(index)}: shown, copied, read back, compared with its commitment`,
          );
        }
        return;
      case 'master-key.load':
        for (const unit of step.units) this.load(unit);
        this.note('share process: ends');
        return;
      case 'master-key.verify':
        for (const unit of step.units) this.read(unit, step.register);
        return;
      case 'master-key.commit':
        for (const unit of step.units) this.read(unit, 'new');
        for (const unit of step.units) this.relabel(unit, 'commit', this.threshold(unit), 'uncommitted', 'committed');
        return;
      case 'master-key.activate':
        for (const unit of step.units) this.read(unit, 'new');
        for (const unit of step.units) {
          const one = { position: this.administrators(unit), people: '1' };
          this.relabel(unit, 'activate', one, 'committed', 'current');
        }
        return;
      case 'master-key.clear':
        for (const unit of step.units) this.clear(unit);
        return;
      case 'key.package':
        this.package(step);
        return;
      case 'enrol':
        this.call(
          step.position,
          'C_OpenSession, C_Login, C_FindObjects, C_GetAttributeValue',
          'the public key on the token of each person who is enrolled',
        );
        this.cards(step.position, 'each person enrolled', 'enrolment');
        this.note(`two people of ${step.vouchers.join(', ')} sign it too, each on their own token`);
        return;
      case 'pause':
        this.quorum(step.signers, 'the checkpoint');
        this.note('the session ends: every worker that took a PIN ends, and the next session has a binding of its own');
        return;
      case 'checkpoint':
        this.quorum(step.signers, 'the checkpoint');
        return;
      case 'export':
        this.note('writes the bundle; the last checkpoint covers every line');
        this.quorum(this.plan.signOff.quorum, 'the last checkpoint');
        return;
      case 'custody':
        for (const object of step.objects) {
          this.call(
            `tokens of 2 × ${step.by.join(', ')}`,
            'C_OpenSession, C_Login, C_SignInit, C_Sign, C_Logout',
            `entry in the custody ledger: ${object} ${step.act}`,
          );
        }
        return;
      case 'fact':
      case 'statement':
        return;
      default:
        this.note('not available in this version: nothing is called');
    }
  }

  private initialise(unit: string): void {
    const label = this.plan.units.find((one) => one.id === unit)?.label ?? '';
    this.find(unit, 'a token that is not initialised');
    this.intent(`C_InitToken on ${unit}`);
    this.call(
      unit,
      'C_InitToken',
      `label "${label}", ${this.pin(unit, 'security-officer', 'made now')}; erases the token`,
    );
    this.intent(`C_InitPIN on ${unit}`);
    this.call(
      unit,
      'C_OpenSession, C_Login',
      `read-write, as security officer, ${this.pin(unit, 'security-officer', 'entered')}`,
    );
    this.call(unit, 'C_InitPIN, C_Logout, C_CloseSession', this.pin(unit, 'user', 'made now'));
    this.intent(`C_GenerateKeyPair on ${unit}`);
    this.call(unit, 'C_OpenSession, C_Login', `read-write, as user, ${this.pin(unit, 'user', 'entered')}`);
    this.probe(unit);
    this.loggedIn.add(unit);
    this.call(
      unit,
      'C_GenerateKeyPair, C_GetAttributeValue',
      'keyrite:identity, P-256 (RSA-3072 where there is no EC), signs only, not extractable; read back',
    );
    this.call(unit, 'C_CreateObject, C_GetAttributeValue', 'keyrite:state, mode imprint, counter 0; read back');
    this.prove(unit);
  }

  private imprint(unit: string, step: StepOf<'unit.imprint'>): void {
    const position = step.administrators;
    this.addAdministrators(unit, position, null);
    const thresholds = `${String(step.signatureThreshold)}/${String(step.revocationThreshold)}`;
    this.command(unit, `thresholds.set ${thresholds}`, { position, people: String(step.signatureThreshold) });
  }

  /** @param also who signs beside each new administrator; null in imprint mode */
  private addAdministrators(unit: string, position: string, also: Signers | null): void {
    for (let index = 1; index <= this.count(position); index += 1) {
      const name = `administrator.add ${position} ${String(index)}`;
      if (also !== null) this.cards(also.position, also.people, `signed command ${name} for ${unit}`);
      this.command(unit, name, { position, people: '1' });
    }
  }

  private clear(unit: string): void {
    this.read(unit, 'new');
    const isCommitted = this.model.units.get(unit)?.new === 'committed';
    const signers = isCommitted ? this.threshold(unit) : { position: this.administrators(unit), people: '1' };
    this.command(unit, 'master-key.clear', signers, {
      change: () => {
        this.pattern(unit, 'new');
        this.call(unit, 'C_DestroyObject, C_FindObjects', 'the key in the new register; proven gone');
      },
    });
  }

  private zeroise(unit: string): void {
    this.read(unit);
    this.call(
      unit,
      'C_FindObjectsInit, C_FindObjects, C_FindObjectsFinal, C_GetAttributeValue',
      'every object, and the attributes that matter',
    );
    const signers = this.threshold(unit);
    this.cards(signers.position, signers.people, `signed command unit.zeroise for ${unit}`);
    this.intent(`unit.zeroise on ${unit}`);
    this.call(
      unit,
      'C_FindObjects, C_DestroyObject',
      'every object: keys first, then keyrite:identity, keyrite:state last; proven gone',
    );
  }

  private load(unit: string): void {
    const { custodians, shares } = this.plan.masterKey ?? { custodians: 'nobody', shares: 0 };
    const custodian = { position: custodians, people: '1' };
    this.read(unit);
    for (let index = 1; index < shares; index += 1) {
      this.command(unit, `master-key.load share ${String(index)} of ${String(shares)}`, custodian);
    }
    this.command(unit, `master-key.load share ${String(shares)} of ${String(shares)}`, custodian, {
      delivery: () => {
        this.call(
          unit,
          'C_GenerateKeyPair, C_GetAttributeValue',
          'import key: RSA session object, unwraps only; its public key is read back',
        );
        this.call(unit, 'C_SignInit, C_Sign', 'keyrite:identity vouches for the import key');
        this.note(
          'share process: combines what was read back, checks the pattern, wraps the master key to the import key (OAEP)',
        );
      },
      change: () => {
        this.call(
          unit,
          'C_UnwrapKey, C_GetAttributeValue',
          'keyrite:mk:uncommitted: AES-256, WRAP, UNWRAP and SIGN only, sensitive, not extractable; read back',
        );
        this.pattern(unit, 'new');
        this.call(unit, 'C_DestroyObject', 'both halves of the import key');
      },
    });
  }

  private relabel(unit: string, name: 'commit' | 'activate', signers: Signers, from: string, to: string): void {
    this.command(unit, `master-key.${name}`, signers, {
      change: () => {
        this.pattern(unit, 'new');
        this.call(unit, 'C_SetAttributeValue', `CKA_LABEL: keyrite:mk:${from} becomes keyrite:mk:${to}`);
      },
    });
  }

  private package(step: StepOf<'key.package'>): void {
    const { unit } = step;
    this.note(
      `parameters ${step.parameters} are read, checked and authenticated (${step.authenticate.by}) before anything is made`,
    );
    this.intent(`C_GenerateKey, C_WrapKey, C_DestroyObject on ${unit}`);
    this.read(unit);
    this.call(
      unit,
      'C_GenerateKey, C_GetAttributeValue',
      `${step.key.name}: AES-256 session object, sensitive, may be wrapped and encrypt; read back`,
    );
    this.call(unit, 'C_SignInit, C_Sign', 'check value, AES-CMAC of a zero block');
    this.call(unit, 'C_CreateObject', "the service's public key, a session object that wraps only");
    this.call(
      unit,
      'C_WrapKey',
      'OAEP with SHA-256; where the token lacks it, to a one-time key of the share process, which wraps again',
    );
    this.call(unit, 'C_EncryptInit, C_Encrypt', "the service's nonce under the key, AES-GCM");
    this.call(unit, 'C_DestroyObject, C_FindObjects', `${step.key.name} and the public key; proven gone`);
    this.intent('write key package');
  }

  /** A signed command: signatures, intent, what is delivered with it, the key object, then the state object. */
  private command(
    unit: string,
    name: string,
    signers: Signers,
    keys: { readonly delivery?: () => void; readonly change?: () => void } = {},
  ): void {
    this.login(unit);
    this.cards(signers.position, signers.people, `signed command ${name} for ${unit}`);
    this.intent(`${name} on ${unit}`);
    keys.delivery?.();
    this.call(
      unit,
      'C_FindObjects, C_GetAttributeValue',
      'keyrite:state: the worker verifies signatures, counter, unit and state before it acts',
    );
    keys.change?.();
    this.call(
      unit,
      'C_CreateObject, C_GetAttributeValue, C_DestroyObject',
      'keyrite:state: the new one is written and read back, then the old one goes',
    );
  }

  /** Login where there is none, identity, state and registers. With a register, its pattern alone is what matters. */
  private read(unit: string, register?: 'new' | 'current'): void {
    this.login(unit);
    this.prove(unit);
    this.call(
      unit,
      'C_FindObjects, C_GetAttributeValue',
      'keyrite:state and the registers; the state must be the one on record',
    );
    const held = this.model.units.get(unit);
    for (const one of ['new', 'current'] as const) {
      if (one === register) this.pattern(unit, one);
      else if (register === undefined && held !== undefined && held[one] !== 'empty')
        this.pattern(unit, one, held[one] === 'unknown');
    }
  }

  private login(unit: string): void {
    if (this.loggedIn.has(unit)) return;
    this.find(unit, 'the token by label and serial, which only pre-select');
    this.call(unit, 'C_OpenSession, C_Login', `read-write, as user, ${this.pin(unit, 'user', 'entered')}`);
    this.probe(unit);
    this.loggedIn.add(unit);
  }

  /** What the token really does is asked once for each login. */
  private probe(unit: string): void {
    this.call(
      unit,
      'C_OpenSession, C_CreateObject, C_Encrypt, C_Sign, C_WrapKey, C_UnwrapKey, C_CloseSession',
      'questions with known answers, on session objects with published values',
    );
  }

  private find(unit: string, what: string): void {
    this.call(
      unit,
      'C_Initialize, C_GetSlotList, C_GetTokenInfo',
      `${what} (C_Initialize once for all tokens of a module)`,
    );
  }

  private prove(unit: string): void {
    this.call(unit, 'C_SignInit, C_Sign', 'keyrite:identity signs a fresh challenge');
  }

  private pattern(unit: string, register: 'new' | 'current', perhapsEmpty = false): void {
    const condition = perhapsEmpty ? ', if it holds a key' : '';
    this.call(
      unit,
      'C_SignInit, C_Sign (twice)',
      `verification pattern of the ${register} register, AES-CMAC${condition}`,
    );
  }

  private cards(position: string, people: string, what: string): void {
    this.call(`tokens of ${people} × ${position}`, 'C_OpenSession, C_Login, C_SignInit, C_Sign, C_Logout', what);
  }

  private quorum(signers: readonly RoleCount[], what: string): void {
    for (const { role, count } of signers) this.cards(role, String(count), what);
  }

  private people(position: string): string {
    return String(this.count(position));
  }

  private count(position: string): number {
    return this.plan.positions.find((one) => one.id === position)?.count ?? 0;
  }

  private administrators(unit: string): string {
    return this.model.units.get(unit)?.administrators?.join(', ') ?? 'crypto-administrator';
  }

  private threshold(unit: string): Signers {
    const threshold = this.model.units.get(unit)?.signatureThreshold ?? null;
    return { position: this.administrators(unit), people: threshold === null ? 'threshold' : String(threshold) };
  }

  private revocation(unit: string): Signers {
    const threshold = this.model.units.get(unit)?.revocationThreshold ?? null;
    return {
      position: this.administrators(unit),
      people: threshold === null ? 'revocation threshold' : String(threshold),
    };
  }

  private pin(unit: string, kind: 'security-officer' | 'user', how: string): string {
    const pin = this.plan.pins.find((one) => one.for === kind && one.units.includes(unit));
    if (pin === undefined) return `${kind} PIN (not declared)`;
    const hands = how === 'made now' ? pin.madeBy : pin.heldBy;
    return `${kind} PIN ${how} by ${hands}, ${pin.parts === 1 ? 'one part' : 'two parts'}`;
  }

  /** A worker that took a PIN ends with the step, or with the phase where the phase holds the login. */
  private end(step: Step, next: Step | undefined): void {
    if (this.loggedIn.size === 0) return;
    const holds = this.plan.phases.find((one) => one.id === step.phase)?.holdLogin === true;
    if (holds && next?.phase === step.phase) return;
    this.call(
      [...this.loggedIn].join(', '),
      'C_Logout, C_CloseSession, C_Finalize',
      `${holds ? `phase ${step.phase ?? ''} ends` : 'the step ends'}: the worker process ends`,
    );
    this.loggedIn.clear();
  }

  private call(target: string, calls: string, what: string): void {
    this.lines.push(`   ${target}: ${calls} | ${what}`);
  }

  private intent(what: string): void {
    this.lines.push(`   INTENT ${what}`);
  }

  private note(what: string): void {
    this.lines.push(`   (${what})`);
  }
}
