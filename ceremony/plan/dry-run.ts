/**
 * The PKCS#11 calls of a plan, in order, without touching a device. It says what a step does when nothing goes wrong,
 * on tokens that have every mechanism Keyrite prefers; which module a token is behind is for the binding to say.
 */
import type { TargetName } from '../keypackage/target-names';
import { waysOf } from './authentication';
import { after } from './check-order';
import { beginning, type CeremonyModel } from './model';
import { sharedKeyOf } from './master-key-scheme';
import { shareCalls } from './share-instructions';
import type { Plan, RoleCount, Step, StepOf } from './schema';
import { custodyFormOf } from './share-forms';

const TWICE = 'then AES-KWP under a one-time key of the token';

/** By what a root key is wrapped for each service. */
const WRAPPED_BY: Readonly<Record<TargetName, string>> = {
  'ibm-key-protect': 'OAEP with SHA-256',
  'ibm-hpcs': 'OAEP with SHA-1',
  'aws-kms': 'OAEP with SHA-256',
  'google-cloud-kms': `OAEP with SHA-256, ${TWICE}`,
  'azure-key-vault': `OAEP with SHA-1, ${TWICE}`,
  'openbao-transit': `OAEP with SHA-256, ${TWICE}`,
  cms: 'OAEP with SHA-256, in a CMS message, which no token makes',
};

const AT_SCREEN = 'presence of the custodian who comes to the screen';

/** With what a service's nonce is encrypted under the key. */
const NONCE_BY: Partial<Record<TargetName, string>> = { 'ibm-key-protect': 'AES-GCM', 'ibm-hpcs': 'AES-CBC' };

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

/** What a command does beside the state object. */
interface Keys {
  readonly delivery?: () => void;
  readonly change?: () => void;
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
      case 'unit.pin.change':
        for (const unit of step.units) this.changePin(unit, step.for);
        return;
      case 'unit.pin.unlock':
        for (const unit of step.units) this.unlockPin(unit);
        return;
      case 'unit.inventory':
        for (const unit of step.units) {
          this.read(unit);
          this.objects(unit);
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
        if (this.plan.masterKey?.scheme === 'in-unit') {
          this.generateInside(this.plan.masterKey.unit);
          return;
        }
        this.intent('generate master key');
        this.note('every unit that is initialised by then: C_GenerateRandom, no login; sealed to the share process');
        this.note(
          'share process: makes the master key and its shares; commitments and verification pattern leave it, nothing else',
        );
        return;
      case 'shares.distribute':
        for (let index = 1; index <= (sharedKeyOf(this.plan)?.shares ?? 0); index += 1) {
          this.cards(sharedKeyOf(this.plan)?.custodians ?? '', '1', AT_SCREEN);
          this.intent(`hand out share ${String(index)}`);
          this.handOver(index);
          for (const { position, of } of sharedKeyOf(this.plan)?.copiesOf ?? []) {
            if (!of.includes(index)) continue;
            this.intent(`hand out a copy of share ${String(index)}`);
            this.note(`share process and one of ${position}: shown, copied, read back, compared with its commitment`);
          }
        }
        return;
      case 'shares.drill':
      case 'shares.transfer':
      case 'shares.reshare':
      case 'shares.destroy':
        for (const one of shareCalls(this.plan, step)) {
          if (one.kind === 'sign') this.call(one.who, 'C_OpenSession, C_Login, C_SignInit, C_Sign, C_Logout', one.text);
          else if (one.kind === 'intent') this.intent(one.text);
          else if (one.kind === 'hand-over') this.handOver(one.share);
          else this.note(one.text);
        }
        return;
      case 'master-key.load':
        this.load(step);
        this.note('share process: ends');
        return;
      case 'master-key.verify':
        for (const unit of step.units) this.read(unit, step.register);
        return;
      case 'master-key.commit':
        for (const unit of step.units) this.read(unit, 'new');
        this.relabel(step.units, 'commit', (unit) => this.threshold(unit), 'uncommitted', 'committed');
        return;
      case 'master-key.activate':
        for (const unit of step.units) this.read(unit, 'new');
        this.relabel(
          step.units.filter((unit) => !this.hasCurrent(unit)),
          'activate',
          (unit) => ({ position: this.administrators(unit), people: '1' }),
          'committed',
          'current',
        );
        for (const unit of step.units.filter((one) => this.hasCurrent(one))) this.replace(unit);
        return;
      case 'master-key.clear':
        for (const unit of step.units) this.clear(unit);
        return;
      case 'unit.adopt':
        for (const unit of step.units) this.adopt(unit);
        return;
      case 'master-key.adopt':
        for (const unit of step.units) this.examine(unit, step);
        for (const unit of step.units) this.adoptMasterKey(unit, step);
        return;
      case 'key.adopt':
        this.read(step.unit);
        this.objects(step.unit);
        return;
      case 'vendor.procedure':
        this.procedure(step);
        return;
      case 'master-key.rotate':
        this.rotate(step);
        return;
      case 'key.generate':
        this.generateKey(step);
        return;
      case 'key.wrap':
        this.read(step.unit);
        for (const key of step.keys) this.wrapKey(step, key);
        return;
      case 'key.unwrap':
        this.read(step.unit);
        for (const key of step.keys) {
          this.intent(`C_UnwrapKey of ${key} on ${step.unit}`);
          this.call(
            step.unit,
            'C_UnwrapKey, C_GetAttributeValue',
            `${key} from ${step.store}, under the current master key; read back, its check value compared`,
          );
        }
        return;
      case 'key.destroy':
        this.read(step.unit);
        for (const key of step.keys) {
          this.intent(`C_DestroyObject of ${key} on ${step.unit}`);
          this.call(step.unit, 'C_DestroyObject, C_FindObjects', `${key}; proven gone`);
        }
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
    this.makeIdentity(unit);
  }

  private makeIdentity(unit: string): void {
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

  private adopt(unit: string): void {
    this.login(unit);
    this.objects(unit);
    this.intent(`C_GenerateKeyPair on ${unit}`);
    this.makeIdentity(unit);
    this.objects(unit);
  }

  private examine(unit: string, { object }: StepOf<'master-key.adopt'>): void {
    this.read(unit);
    this.call(unit, 'C_FindObjects, C_GetAttributeValue', `the key labelled ${object.label}, which must be one`);
    this.call(unit, 'C_SignInit, C_Sign (twice)', 'its verification pattern, AES-CMAC; compared across the units');
  }

  private adoptMasterKey(unit: string, { harden }: StepOf<'master-key.adopt'>): void {
    this.command(unit, 'master-key.adopt', this.threshold(unit), {
      change: () => {
        const also = harden === true ? 'usages that a master key must not have become false, and ' : '';
        this.call(unit, 'C_SetAttributeValue', `${also}CKA_LABEL becomes keyrite:mk:current`);
      },
    });
  }

  private hasCurrent(unit: string): boolean {
    return this.model.units.get(unit)?.current === 'valid';
  }

  private replace(unit: string): void {
    this.command(unit, 'master-key.replace', this.threshold(unit), {
      change: () => {
        this.pattern(unit, 'new');
        this.pattern(unit, 'current');
        this.call(unit, 'C_SetAttributeValue', 'keyrite:mk:current becomes keyrite:mk:retiring');
        this.call(unit, 'C_SetAttributeValue', 'keyrite:mk:committed becomes keyrite:mk:current');
        this.call(unit, 'C_DestroyObject, C_FindObjects', 'keyrite:mk:retiring; proven gone');
      },
    });
  }

  private procedure(step: StepOf<'vendor.procedure'>): void {
    for (const { unit, is } of step.after) {
      if (is !== 'as-before') continue;
      this.read(unit);
      this.objects(unit);
    }
    this.loggedIn.clear();
    this.intent(`vendor.procedure with ${step.tool}`);
    this.note(`the workers of the modules of ${step.units.join(', ')} end: no session and no login is left`);
    for (const line of step.commands) this.note(`${step.by.join(', ')}: ${line.trim().replaceAll('\n', ' / ')}`);
    for (const { unit, is } of step.after) {
      if (is === 'blank') this.find(unit, 'a token that is not initialised');
      else {
        if (is === 'foreign') this.login(unit);
        else this.read(unit);
        this.objects(unit);
      }
    }
  }

  private objects(unit: string): void {
    this.call(
      unit,
      'C_FindObjectsInit, C_FindObjects, C_FindObjectsFinal, C_GetAttributeValue',
      'every object, and the attributes that matter; a secret key gives its check value',
    );
  }

  private rotate({ unit, store }: StepOf<'master-key.rotate'>): void {
    this.read(unit);
    this.note(`every file of the old generation of ${store} is read`);
    this.intent(`rotation of ${store} on ${unit}`);
    this.call(
      unit,
      'C_UnwrapKey, C_WrapKey, C_UnwrapKey, C_Sign, C_DestroyObject',
      'for each key: session objects, out under the current master key, in under the committed one, check value compared',
    );
    this.note(`each file of the new generation of ${store} is written, fsynced and read back; then the manifest`);
  }

  private generateKey({ unit, key }: StepOf<'key.generate'>): void {
    this.read(unit);
    const call = key.algorithm.startsWith('aes') ? 'C_GenerateKey' : 'C_GenerateKeyPair';
    this.intent(`${call} of ${key.name} on ${unit}`);
    this.call(unit, `${call}, C_GetAttributeValue`, `${key.name}: ${key.algorithm}, to ${key.use}; read back`);
  }

  private wrapKey({ unit, store }: StepOf<'key.wrap'>, key: string): void {
    this.intent(`C_WrapKey of ${key} on ${unit}`);
    this.call(
      unit,
      'C_WrapKey, C_UnwrapKey, C_Sign, C_DestroyObject',
      `${key} under the current master key; unwrapped again as a session object, check value compared`,
    );
    this.note(`its file in ${store} is written, fsynced and read back`);
    this.call(unit, 'C_SetAttributeValue, C_GetAttributeValue', `${key} is not extractable any more; read back`);
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

  private changePin(unit: string, kind: 'security-officer' | 'user'): void {
    this.find(unit, 'the token by label and serial, which only pre-select');
    this.intent(`C_SetPIN on ${unit}`);
    this.call(unit, 'C_OpenSession, C_Login', `read-write, ${this.pin(unit, kind, 'entered')}`);
    if (kind === 'user') this.prove(unit);
    this.call(unit, 'C_SetPIN, C_Logout, C_CloseSession', this.pin(unit, kind, 'made now'));
    this.provePin(unit);
  }

  private unlockPin(unit: string): void {
    this.find(unit, 'the token by label and serial, which only pre-select');
    this.intent(`C_InitPIN on ${unit}`);
    this.call(
      unit,
      'C_OpenSession, C_Login',
      `read-write, as security officer, ${this.pin(unit, 'security-officer', 'entered')}`,
    );
    this.call(unit, 'C_InitPIN, C_Logout, C_CloseSession', this.pin(unit, 'user', 'made now'));
    this.provePin(unit);
  }

  /** A login of the program's own, which ends whatever login there was. */
  private provePin(unit: string): void {
    this.call(unit, 'C_OpenSession, C_Login, C_Logout, C_CloseSession', 'once, with the new PIN, which proves it');
    this.loggedIn.delete(unit);
  }

  /** How one share gets to its custodian, and back. */
  private handOver(index: number): void {
    const form = custodyFormOf(this.plan, index);
    const who = `share process and custodian ${String(index)}`;
    switch (form.form) {
      case 'worksheet':
        this.note(`${who}: shown, copied, read back, compared with its commitment`);
        return;
      case 'printed':
      case 'pdf':
        this.note(
          `share process: a sheet with a QR code, ${form.form === 'printed' ? `sent to the device of ${form.printer}` : `written to ${form.medium} and fsynced`}`,
        );
        this.note(`${who}: typed back from the sheet, compared with its commitment`);
        return;
      case 'own-token':
        this.note(`custodian ${String(index)} enters the PIN of their own token`);
        this.note(
          "the custodian's token: C_GenerateKeyPair, RSA, decrypts only, not extractable; read back; a known answer is decrypted; their signing key vouches for it",
        );
        this.note('share process: encrypts the share to that key; the envelope leaves it, nothing else');
        this.note("the custodian's token: C_CreateObject, the envelope as a private data object; read back");
        this.note("the custodian's token: C_Decrypt, the envelope's one-time key, sealed to the share process");
        this.note(`${who}: opened, compared with its commitment`);
        return;
      case 'age-file': {
        const key = form.lock === 'recipient' ? 'identity' : 'passphrase';
        this.note(`share process: encrypted to the custodian's ${form.lock}, written to ${form.medium} and fsynced`);
        this.note(`${who}: decrypted with the ${key}, compared with its commitment`);
        return;
      }
    }
  }

  private load({ units, import: by }: StepOf<'master-key.load'>): void {
    const { custodians, needed: shares } = sharedKeyOf(this.plan) ?? { custodians: 'nobody', needed: 0 };
    const custodian = { position: custodians, people: '1' };
    const last = `master-key.load share ${String(shares)} of ${String(shares)}`;
    for (const unit of units) this.read(unit);
    for (const unit of units) {
      for (let index = 1; index < shares; index += 1) {
        this.command(unit, `master-key.load share ${String(index)} of ${String(shares)}`, custodian);
      }
      this.sign(unit, last, custodian);
    }
    this.atOnce(units);
    for (const unit of units) this.carryOut(unit, last, this.bringingIn(unit, by));
  }

  private bringingIn(unit: string, by: StepOf<'master-key.load'>['import']): Keys {
    if (by === 'ecdh') return this.agreeing(unit);
    return {
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
    };
  }

  private agreeing(unit: string): Keys {
    return {
      delivery: () => {
        this.call(
          unit,
          'C_GenerateKeyPair, C_GetAttributeValue',
          'agreement key: P-256 session object, derives only; its public key is read back',
        );
        this.call(unit, 'C_SignInit, C_Sign', 'keyrite:identity vouches for the agreement key');
        this.note(
          'share process: combines what was read back, checks the pattern, agrees on a key by ECDH with a pair used once, wraps the master key under it (RFC 3394)',
        );
      },
      change: () => {
        this.call(unit, 'C_DeriveKey', 'the key that was agreed: unwraps only, session object');
        this.call(
          unit,
          'C_UnwrapKey, C_DestroyObject, C_GetAttributeValue',
          'keyrite:mk:uncommitted: AES-256, WRAP, UNWRAP and SIGN only, sensitive, not extractable; read back',
        );
        this.pattern(unit, 'new');
        this.call(unit, 'C_DestroyObject', 'both halves of the agreement key');
      },
    };
  }

  /** What nobody is needed for is done on units of different modules at the same time. */
  private atOnce(units: readonly string[]): void {
    if (units.length > 1) this.note('units of different modules at the same time, those of one module in order');
  }

  private generateInside(unit: string): void {
    this.read(unit);
    this.command(
      unit,
      'master-key.generate',
      { position: this.administrators(unit), people: '1' },
      {
        change: () => {
          this.call(
            unit,
            'C_GenerateKey, C_GetAttributeValue',
            'keyrite:mk:uncommitted: AES-256, WRAP, UNWRAP and SIGN only, sensitive, never extractable; read back',
          );
          this.pattern(unit, 'new');
        },
      },
    );
  }

  private relabel(
    units: readonly string[],
    name: 'commit' | 'activate',
    signersOf: (unit: string) => Signers,
    from: string,
    to: string,
  ): void {
    for (const unit of units) this.sign(unit, `master-key.${name}`, signersOf(unit));
    this.atOnce(units);
    for (const unit of units) {
      this.carryOut(unit, `master-key.${name}`, {
        change: () => {
          this.pattern(unit, 'new');
          this.call(unit, 'C_SetAttributeValue', `CKA_LABEL: keyrite:mk:${from} becomes keyrite:mk:${to}`);
        },
      });
    }
  }

  private package(step: StepOf<'key.package'>): void {
    const { unit, target = 'ibm-key-protect' } = step;
    this.note(
      `parameters ${step.parameters} are read, checked and authenticated (${waysOf(step.authenticate)
        .map(({ by }) => by)
        .join(', ')}) before anything is made`,
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
      `${WRAPPED_BY[target]}; where the token lacks it, to a one-time key of the share process, which wraps again`,
    );
    const cipher = NONCE_BY[target];
    if (cipher !== undefined) {
      this.call(unit, 'C_EncryptInit, C_Encrypt', `the service's nonce under the key, ${cipher}`);
    }
    this.call(unit, 'C_DestroyObject, C_FindObjects', `${step.key.name} and the public key; proven gone`);
    this.intent('write key package');
  }

  /** A signed command: signatures, intent, what is delivered with it, the key object, then the state object. */
  private command(unit: string, name: string, signers: Signers, keys: Keys = {}): void {
    this.sign(unit, name, signers);
    this.carryOut(unit, name, keys);
  }

  private sign(unit: string, name: string, signers: Signers): void {
    this.login(unit);
    this.cards(signers.position, signers.people, `signed command ${name} for ${unit}`);
  }

  private carryOut(unit: string, name: string, keys: Keys): void {
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
