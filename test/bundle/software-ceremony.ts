/**
 * A small ceremony carried out with software keys: the transcript is written by the real writer, the commands are real
 * signed commands on a model unit. Tests use it to make bundles that hold, and bundles that lie.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  constants,
  type KeyObject,
} from 'node:crypto';
import { canonicalBytes, canonicalJson, type Json, type JsonObject } from '../../ceremony/canonical-json';
import { applyCommand, imprintState, nextCommand, openCommand } from '../../ceremony/command/apply';
import {
  PAYLOAD_TYPES,
  envelope,
  preAuthenticationEncoding,
  spkiSha256,
  type Envelope,
  type PayloadType,
  type SignatureAlgorithm,
} from '../../ceremony/command/dsse';
import { identityChallenge, shareKeyStatement } from '../../ceremony/command/statements';
import {
  commandSha256,
  stateSha256,
  type Administrator,
  type CommandPayload,
  type UnitState,
} from '../../ceremony/command/unit-state';
import { skewOf } from '../../ceremony/transcript/clock-readings';
import { verifyKit } from '../../ceremony/bundle/kit';
import { SUMS, pemOf } from '../../ceremony/bundle/layout';
import { sumsOf } from '../../ceremony/bundle/sums';
import { keysOf } from '../../ceremony/bundle/roster';
import type { BundleFolder } from '../../ceremony/engine/ports';
import { readBinding, readPlan, type BindingDocument, type PlanDocument } from '../../ceremony/plan/read';
import { checkpointBody, checkpointEnvelopeFile, checkpointFiles } from '../../ceremony/transcript/checkpoint';
import { RULES, type Draft, type FileRef, type Line, type RosterEntry } from '../../ceremony/transcript/line';
import { TranscriptWriter } from '../../ceremony/transcript/writer';
import { ENTRIES, LEDGER_BEFORE, custodyPlan, type Entry } from './custody-story';
import {
  ON_OWN_TOKEN,
  OLD_SET,
  REPLACED,
  RESHARE,
  RESULTS,
  SETS_BEFORE,
  TOLD,
  oldCommitment,
  sharePlan,
  type ToldOfShare,
} from './share-story';

/** Somebody with a software key. */
export interface Person {
  readonly id: string;
  readonly position: string;
  readonly role: RosterEntry['roles'][number];
  readonly algorithm: SignatureAlgorithm;
  readonly key: KeyObject;
  readonly spki: string;
}

const CAST: readonly (readonly [string, string, Person['role'], SignatureAlgorithm])[] = [
  ['ada', 'administrators', 'crypto-administrator', 'ecdsa-p256-sha256'],
  ['bela', 'administrators', 'crypto-administrator', 'ecdsa-p384-sha384'],
  ['carl', 'custodians', 'custodian', 'ed25519'],
  ['dora', 'custodians', 'custodian', 'ecdsa-p521-sha512'],
  ['wanda', 'witnesses', 'witness', 'rsa-pss-sha256'],
  ['otto', 'auditors', 'auditor', 'ecdsa-p256-sha256'],
  ['vera', 'approvers', 'approver', 'ecdsa-p256-sha256'],
  ['zeno', 'approvers', 'approver', 'ed25519'],
];

/** Those who come later in a {@link Variation.realLife}: one is enrolled on the day, one is bound in the second session. */
const LATER: typeof CAST = [
  ['emil', 'witnesses', 'witness', 'ecdsa-p256-sha256'],
  ['nora', 'auditors', 'auditor', 'ed25519'],
];

const UNIT = 'unit-a';

/** Steps of the plan, in order. */
const STEPS = `
  - { id: preflight, title: Pre-flight, action: preflight }
  - { id: roll-call, title: Roll call, action: roll-call, positions: [administrators, custodians, witnesses, auditors] }
  - { id: initialise, title: Initialise, action: unit.initialise, units: [${UNIT}] }
  - { id: imprint, title: Imprint, action: unit.imprint, units: [${UNIT}], administrators: administrators, signatureThreshold: 2, revocationThreshold: 2 }
  - { id: inventory, title: Inventory, action: unit.inventory, units: [${UNIT}] }
  - { id: halfway, title: Half-way, action: checkpoint, signers: [{ role: witness, count: 1 }, { role: crypto-administrator, count: 1 }] }
  - { id: generate, title: Generate, action: master-key.generate }
  - { id: load, title: Load, action: master-key.load, units: [${UNIT}] }
  - { id: commit, title: Commit, action: master-key.commit, units: [${UNIT}] }
  - { id: activate, title: Activate, action: master-key.activate, units: [${UNIT}] }
  - { id: sign-off, title: Statement, action: statement, text: "Everything was done as read out — “wie vorgelesen”.", by: [witnesses, auditors] }
  - { id: export, title: Export, action: export }`;

const PLAN_TEXT = `keyrite: plan/1
id: software-plan
title: A ceremony in software
purpose: To have a bundle for tests.
site: { name: Nowhere, controls: [Nobody else is in the room.] }
positions:
  - { id: administrators, role: crypto-administrator, count: 2 }
  - { id: custodians, role: custodian, count: 2 }
  - { id: witnesses, role: witness, count: 1 }
  - { id: auditors, role: auditor, count: 1 }
  - { id: approvers, role: approver, count: 2, attends: false }
separationOfDuties:
  - { apart: [crypto-administrator, custodian, witness, auditor], why: Nobody watches their own hands. }
approval: { position: approvers, count: 2 }
units:
  - { id: ${UNIT}, name: Unit A, label: unit-a, begins: blank }
masterKey: { id: master, scheme: components, shares: 2, custodians: custodians, form: worksheet }
pins: []
materials: []
steps:${STEPS}
endState:
  - { unit: ${UNIT}, mode: operational, masterKey: current }
storage: In the safe.
signOff:
  quorum: [{ role: crypto-administrator, count: 2 }, { role: witness, count: 1 }]
  wording: I was there and saw this.
`;

/** The plan with two sessions, somebody enrolled on the day, and clocks that are read. */
function realLifePlan(text: string): string {
  return text
    .replace(
      'count: 1 }\n  - { id: auditors, role: auditor, count: 1',
      'count: 1, alternates: 1 }\n  - { id: auditors, role: auditor, count: 1, alternates: 1',
    )
    .replace('materials: []', 'materials: [{ id: case, kind: seal, name: The case with the unit }]')
    .replace(
      '  - { id: initialise,',
      '  - { id: enrol, title: Enrolment, action: enrol, position: witnesses, vouchers: [administrators, auditors], identification: A passport. }\n' +
        '  - { id: initialise,',
    )
    .replace(
      '  - { id: generate,',
      '  - { id: overnight, title: Pause, action: pause, reason: Overnight., by: [witnesses], seals: [case], signers: [{ role: witness, count: 1 }] }\n' +
        '  - { id: preflight-2, title: Pre-flight again, action: preflight }\n' +
        '  - { id: roll-call-2, title: Roll call again, action: roll-call, positions: [administrators, custodians, witnesses, auditors] }\n' +
        '  - { id: generate,',
    )
    .replace(
      '  - { id: sign-off,',
      '  - { id: filed, title: Filed, action: fact, ask: The audit log of the unit., by: [witnesses], attach: true }\n' +
        '  - { id: sign-off,',
    );
}

function planOf({ realLife, custody, undetermined, shares }: Variation): string {
  const text =
    realLife === true
      ? realLifePlan(PLAN_TEXT)
      : undetermined === undefined
        ? PLAN_TEXT
        : PLAN_TEXT.replace('role: crypto-administrator, count: 2', 'role: crypto-administrator, count: 3');
  if (shares === true) return sharePlan(text);
  return custody === undefined ? text : custodyPlan(text);
}

/** What a ceremony can be made to do otherwise. */
export interface Variation {
  readonly mode?: 'rehearsal' | 'production';
  readonly ceremony?: string;
  /** Everybody signs with Ed25519 keys from fixed seeds, so that every byte is the same each time. */
  readonly reproducible?: boolean;
  /** Changes a draft before it is written; null leaves it out. */
  readonly draft?: (draft: Draft) => Draft | null;
  /** Changes the bytes or the signer of something that is signed. */
  readonly payload?: (type: PayloadType, payload: Json) => Json;
  /** Who signs something, given who would. */
  readonly signers?: (type: PayloadType, payload: Json, signers: readonly string[]) => readonly string[];
  /** Who signs the last checkpoint. */
  readonly finalSigners?: readonly string[];
  /** Who signs the checkpoint within the ceremony. */
  readonly halfwaySigners?: readonly string[];
  /** Changes roster, plan or binding text. */
  readonly planText?: (text: string) => string;
  readonly bindingText?: (text: string) => string;
  readonly roster?: (roster: RosterEntry[]) => RosterEntry[];
  /** Whose key somebody has, and signs with, instead of a key of their own. */
  readonly keyOf?: Readonly<Record<string, string>>;
  /** Stops before the named step, without closing. */
  readonly stopBefore?: string;
  readonly outcome?: 'completed' | 'abandoned';
  /** Further facts in steps that have no acts (the pre-flight), as many; they are not among the lines of {@link Made}. */
  readonly facts?: number;
  readonly approvers?: readonly string[];
  /** The step after the pause, which an exception skips before the ceremony pauses. */
  readonly skipAcrossPause?: string;
  /** Steps that an exception skips, further to the inventory. */
  readonly skip?: readonly string[];
  /** Text after the end of `plan.json`. */
  readonly planTail?: string;
  /** Further files by name. */
  readonly extra?: Readonly<Record<string, string>>;
  /**
   * Three people read their clocks, somebody is enrolled, the ceremony is paused and goes on in a second session with
   * somebody new, somebody leaves and is replaced, an exception is raised, and the clock goes back once.
   */
  readonly realLife?: boolean;
  /** There is a custody ledger; its entries can be changed before they are signed, and one that is null is left out. */
  readonly custody?: (entry: Entry) => Entry | null;
  /** Shares of an earlier ceremony are proven, passed on, replaced and destroyed, instead of a new master key. */
  readonly shares?: boolean;
  /** The custody step in which an exception of the kind `materials` is raised and signed before its entries. */
  readonly exceptedSeal?: string;
  /** Takes the inventory instead of skipping it, and changes what is recorded of the unit; `sign` is its identity key. */
  readonly inventory?: (reading: JsonObject, sign: (nonce: string) => string) => JsonObject;
  /** Nobody brings the file that the plan asks for; two people sign for it, or nobody says so. */
  readonly noFile?: 'excepted' | 'silent';
  /** Changes the binding of the second session. */
  readonly secondBinding?: (text: string) => string;
  /** Who approves the binding of the second session. */
  readonly secondApprovers?: readonly string[];
  /** Who proves presence again in the second session; without it everybody. */
  readonly secondPresent?: (id: string) => boolean;
  /** What the clocks show more than the workstation's, in milliseconds. */
  readonly clockSkews?: Readonly<Record<string, number>>;
  /** After the roll call, two people sign that a clock which is off is safe to go on with. */
  readonly exceptedClock?: boolean;
  /** The state that the unit is in from the beginning; whatever is signed, the transcript claims that it was carried out. */
  readonly start?: UnitState;
  /**
   * Nobody can tell the outcome of the first addition of an administrator, nor of one of somebody else that was signed for
   * the same state; these were carried out: the number of one of them, or `neither`.
   */
  readonly undetermined?: 0 | 1 | 'neither';
}

/** A bundle that was made. */
export interface Made {
  readonly planHash: string;
  readonly people: ReadonlyMap<string, Person>;
  readonly lines: readonly Line[];
}

/** Carries out the whole ceremony into an empty folder. */
export async function makeBundle(folder: BundleFolder, variation: Variation = {}): Promise<Made> {
  const ceremony = await SoftwareCeremony.open(folder, variation);
  for (const step of ceremony.plan.plan.steps) {
    if (step.id === variation.stopBefore) return ceremony.made();
    await ceremony.carryOut(step.id, step.action);
  }
  await ceremony.close();
  return ceremony.made();
}

/** Bytes that are the same each time for a seed. */
export function seededBytes(seed: string): (length: number) => Uint8Array {
  let counter = 0;
  return (length) => {
    const bytes = Buffer.alloc(length);
    for (let at = 0; at < length; at += 32) {
      createHash('sha256')
        .update(`${seed} ${String((counter += 1))}`)
        .digest()
        .copy(bytes, at);
    }
    return bytes;
  };
}

/** The ceremony as it goes. */
class SoftwareCeremony {
  readonly plan: PlanDocument;
  private readonly folder: BundleFolder;
  private readonly variation: Variation;
  private readonly people: ReadonlyMap<string, Person>;
  private readonly later: ReadonlyMap<string, Person>;
  private readonly planText: string;
  private readonly binding: BindingDocument;
  private readonly random = seededBytes('random');
  private readonly lines: Line[] = [];
  private writer!: TranscriptWriter;
  private roster: RosterEntry[] = [];
  private state: UnitState | null = null;
  private readBack: readonly { readonly name: string; readonly sha256: string }[] = [];
  private exceptions = 0;
  private checkpoints = 0;
  private readonly now = { ms: Date.parse('2026-11-23T09:00:00.000Z') };

  private constructor(folder: BundleFolder, variation: Variation) {
    this.folder = folder;
    this.variation = variation;
    this.people = withKeysOf(castFor(variation), variation.keyOf ?? {});
    this.later = new Map(
      variation.realLife === true ? laterPeople(variation.reproducible ?? false).map((one) => [one.id, one]) : [],
    );
    this.planText = (variation.planText ?? identity)(planOf(variation));
    const plan = readPlan(this.planText);
    const canonical = Buffer.concat([plan.canonical, Buffer.from(variation.planTail ?? '')]);
    this.plan = { ...plan, canonical, sha256: createHash('sha256').update(canonical).digest('hex') };
    this.state = variation.start ?? null;
    this.binding = readBinding((variation.bindingText ?? identity)(this.bindingText()));
  }

  static async open(folder: BundleFolder, variation: Variation): Promise<SoftwareCeremony> {
    const self = new SoftwareCeremony(folder, variation);
    const files = [
      await self.file('plan.yaml', Buffer.from(self.planText)),
      await self.file('plan.json', self.plan.canonical),
      await self.file('binding.yaml', Buffer.from((variation.bindingText ?? identity)(self.bindingText()))),
      await self.file('binding.json', self.binding.canonical),
    ];
    const roster = [...self.people.values()].map(entryOf);
    self.roster = (variation.roster ?? identity)(roster);
    for (const { id, key } of self.roster) files.push(await self.file(`keys/${id}.pem`, Buffer.from(pemOf(key.spki))));
    for (const id of variation.approvers ?? ['vera', 'zeno']) {
      const sealed = self.seal(PAYLOAD_TYPES.approval, [id], {
        format: 'keyrite-approval/1',
        ...self.about,
        approver: id,
        plan: self.plan.sha256,
        binding: self.binding.sha256,
      });
      files.push(await self.file(`approvals/${id}.dsse.json`, Buffer.from(`${canonicalJson(sealed)}\n`)));
    }
    for (const [name, text] of Object.entries(variation.extra ?? {})) await self.file(name, Buffer.from(text));
    self.writer = await TranscriptWriter.create(folder, { now: () => self.tick() }, self.random);
    await self.append({
      type: 'ceremony.opened',
      step: null,
      by: [],
      body: {
        format: 'keyrite-bundle/1',
        ...self.about,
        title: self.plan.plan.title,
        plan: { id: self.plan.plan.id, sha256: self.plan.sha256 },
        binding: { sha256: self.binding.sha256 },
        app: { name: 'keyrite', version: '0.0.0', sha256: '0'.repeat(64), runtime: 'test' },
        ...(variation.realLife === true ? { rules: RULES } : {}),
        roster: self.roster,
        quorum: self.plan.plan.signOff.quorum,
        keysFrom: self.about.mode === 'production' ? 'plan' : 'binding',
        files,
      },
    });
    return self;
  }

  made(): Made {
    return { planHash: this.plan.sha256, people: new Map([...this.people, ...this.later]), lines: this.lines };
  }

  /** One step of the plan. */
  async carryOut(step: string, action: string): Promise<void> {
    const isSkipped = action === 'unit.inventory' && this.variation.inventory === undefined;
    if (step === this.variation.skipAcrossPause) return;
    if (isSkipped || this.variation.skip?.includes(step) === true) {
      await this.exception(step, 'step-skipped');
      return;
    }
    await this.append({ type: 'step.started', step, by: [], body: { attempt: 1, action } });
    const files = this.variation.realLife === true ? await this.lifeIn(step, action) : await this.acts(step, action);
    await this.append({
      type: 'step.outcome',
      step,
      by: [],
      body: {
        attempt: 1,
        act: null,
        result: action === 'export' ? { media: [], readBack: [...this.readBack] } : (RESULTS[step] ?? {}),
        ...(files.length > 0 ? { files } : {}),
      },
    });
    if (action === 'pause') await this.nextSession();
  }

  /** A step of a ceremony in which people come and go. */
  private async lifeIn(step: string, action: string): Promise<FileRef[]> {
    switch (action) {
      case 'preflight':
        await this.observe(step);
        await this.readClocks(step);
        return [];
      case 'enrol':
        await this.enrol(step);
        await this.append({
          type: 'participant.left',
          step: null,
          by: ['ada'],
          body: { participant: 'dora', reason: 'Her train.' },
        });
        return [];
      case 'unit.initialise':
        await this.prove(null, 'dora');
        return this.acts(step, action);
      case 'pause':
        await this.append({
          type: 'fact.recorded',
          step,
          by: ['wanda'],
          body: { fact: 'seal', value: { material: 'case', number: 'A-0042' } },
        });
        await this.checkpoint(step);
        return [];
      case 'master-key.activate':
        await this.raise(step, 'materials');
        this.now.ms -= 3_600_000;
        await this.exception(step, 'clock');
        await this.append({
          type: 'participant.replaced',
          step: null,
          by: ['ada'],
          body: { participant: 'wanda', by: 'emil', reason: 'She is ill.' },
        });
        return this.acts(step, action);
      case 'fact': {
        const isBrought = this.variation.noFile === undefined;
        const files = isBrought ? [await this.file('attachments/filed-1.log', Buffer.from('a log\n'))] : [];
        const value = { asked: 'The audit log of the unit.', answer: 'As attached.' };
        const body = { fact: 'answer', value, ...(isBrought ? { files } : {}) };
        await this.append({ type: 'fact.recorded', step, by: ['emil'], body });
        if (this.variation.noFile === 'excepted') await this.raise(step, 'step-deviated');
        return [];
      }
      case 'statement':
        await this.append({
          type: 'step.confirmed',
          step,
          by: ['emil', 'otto'],
          body: { attempt: 1, statement: 'Everything was done as read out — “wie vorgelesen”.' },
        });
        return [];
      case 'roll-call':
        if (step === 'roll-call') {
          const files = await this.acts(step, action);
          if (this.variation.exceptedClock === true) await this.excepted('clock', ['preflight', 'preflight-2']);
          return files;
        }
        for (const { id, role } of [...this.people.values(), ...this.later.values()]) {
          if (role !== 'approver' && (this.variation.secondPresent ?? (() => true))(id)) await this.prove(step, id);
        }
        return [];
      default:
        return this.acts(step, action);
    }
  }

  /** What a pre-flight tells of the workstation and the module. */
  private async observe(step: string): Promise<void> {
    const observations = [{ check: 'swap', found: 'off', ok: true }];
    await this.append({ type: 'fact.recorded', step, by: [], body: { fact: 'workstation', value: { observations } } });
    const value = {
      module: 'software',
      path: '/nowhere/module.so',
      sha256: '0'.repeat(64),
      library: { cryptoki: '2.40', description: 'None', manufacturer: 'Nobody', version: '0.0' },
      tokens: [],
    };
    await this.append({ type: 'fact.recorded', step, by: [], body: { fact: 'module', value } });
  }

  /** Every file so far with its hash, as an export reads them back. */
  private async everyFile(): Promise<{ name: string; sha256: string }[]> {
    const names = (await this.folder.list()).filter((name) => name !== 'transcript.jsonl' && !name.endsWith('/'));
    const read = async (name: string) => ({
      name,
      sha256: createHash('sha256')
        .update(await this.folder.read(name))
        .digest('hex'),
    });
    return Promise.all(names.map(read));
  }

  private async readClocks(step: string): Promise<void> {
    const by = ['ada', 'otto', 'wanda'];
    const skews = by.map((id) => this.variation.clockSkews?.[id] ?? { ada: 1_500, otto: -500, wanda: 250 }[id] ?? 0);
    const workstation = new Date(this.now.ms).toISOString();
    const readings = by.map((id, place) => ({
      at: new Date(this.now.ms + (skews[place] ?? 0)).toISOString(),
      by: id,
      source: 'wrist watch',
      workstation,
    }));
    const value = { readings, skewMs: { ...skewOf(readings) } };
    await this.append({ type: 'fact.recorded', step, by, body: { fact: 'clock.readings', value } });
  }

  private async enrol(step: string): Promise<void> {
    const participant = entryOf(this.person('emil'));
    const identification = 'A passport, number 0042.';
    const record = this.seal(PAYLOAD_TYPES.enrolment, ['ada', 'emil', 'otto'], {
      format: 'keyrite-enrolment/1',
      ...this.about,
      participant,
      position: 'witnesses',
      identification,
      head: this.writer.head,
    });
    const files = [await this.file('keys/emil.pem', Buffer.from(pemOf(participant.key.spki)))];
    await this.append({
      type: 'participant.enrolled',
      step,
      by: ['ada', 'otto'],
      body: { participant, vouchers: ['ada', 'otto'], identification, record, files },
    });
    this.roster = [...this.roster, participant];
  }

  /** The pause, and the session after it, with somebody new in its binding. */
  private async nextSession(): Promise<void> {
    const { skipAcrossPause } = this.variation;
    if (skipAcrossPause !== undefined) await this.exception(skipAcrossPause, 'step-skipped');
    await this.append({
      type: 'ceremony.paused',
      step: null,
      by: [],
      body: { reason: 'Overnight.', seals: [{ material: 'case', number: 'A-0042' }] },
    });
    if (this.state === null) throw new Error('the unit is not initialised');
    const lastKnown = {
      identity: this.state.unit,
      identitySpki: this.person('ada').spki,
      stateSha256: stateSha256(this.state),
      counter: this.state.counter,
    };
    const everybody = [...this.people.values(), ...this.later.values()];
    const plain = this.bindingText(everybody, JSON.stringify(lastKnown));
    const text = (this.variation.secondBinding ?? identity)(plain);
    const binding = readBinding(text);
    const files = [
      await this.file('sessions/0002/binding.yaml', Buffer.from(text)),
      await this.file('sessions/0002/binding.json', binding.canonical),
    ];
    for (const id of this.variation.secondApprovers ?? ['vera', 'zeno']) {
      const sealed = this.seal(PAYLOAD_TYPES.approval, [id], {
        format: 'keyrite-approval/1',
        ...this.about,
        approver: id,
        plan: this.plan.sha256,
        binding: binding.sha256,
      });
      files.push(await this.file(`sessions/0002/approvals/${id}.dsse.json`, Buffer.from(`${canonicalJson(sealed)}\n`)));
    }
    const roster = binding.binding.people.map((one) => ({
      ...entryOf(this.person(one.id)),
      name: one.name,
      key: one.key,
    }));
    const known = new Set(this.roster.map(({ id }) => id));
    const fresh = roster.filter(({ id }) => !known.has(id));
    for (const { id, key } of fresh) files.push(await this.file(`keys/${id}.pem`, Buffer.from(pemOf(key.spki))));
    const app = { name: 'keyrite', version: '0.0.0', sha256: '0'.repeat(64), runtime: 'test' };
    await this.append({
      type: 'ceremony.resumed',
      step: null,
      by: [],
      body: {
        reason: 'pause',
        torn: null,
        note: 'The next day.',
        session: { number: 2, binding: { sha256: binding.sha256 }, app, roster },
        files,
      },
    });
    this.roster = [...this.roster, ...fresh];
  }

  private async excepted(kind: 'clock', steps: readonly string[]): Promise<void> {
    for (const step of steps) await this.exception(step, kind);
  }

  /** An exception that somebody raises, and its signatures. */
  private async raise(step: string, kind: 'materials' | 'step-deviated'): Promise<void> {
    const value = { step, kind, expected: 'The step.', happened: 'It was left out.', decided: 'To go on.' };
    await this.append({ type: 'fact.recorded', step: null, by: [], body: { fact: 'exception.raised', value } });
    await this.exception(step, kind);
  }

  /** Closing line, last checkpoint, kit and sums. */
  async close(): Promise<void> {
    const outcome = this.variation.outcome ?? 'completed';
    await this.append({
      type: 'ceremony.closed',
      step: null,
      by: [],
      body: { outcome, exceptions: this.exceptions, withheld: 0, signOff: this.plan.plan.signOff.wording },
    });
    const body = checkpointBody({ ...this.name, size: this.writer.size, root: this.writer.root });
    const witness = this.variation.realLife === true ? 'emil' : 'wanda';
    await this.signCheckpoint((this.checkpoints += 1), body, this.variation.finalSigners ?? ['ada', 'bela', witness]);
    for (const [name, content] of Object.entries(verifyKit())) await this.folder.create(name, content);
    await this.folder.create('report.html', Buffer.from('<!doctype html><title>report</title>'));
    await this.folder.create(SUMS, Buffer.from(await sumsOf(this.folder)));
  }

  private async acts(step: string, action: string): Promise<FileRef[]> {
    switch (action) {
      case 'roll-call':
        for (const { id, role } of this.people.values()) if (role !== 'approver') await this.prove(step, id);
        return [];
      case 'unit.initialise':
        await this.initialise(step);
        return [];
      case 'unit.imprint': {
        const ids = [...this.people.values()].filter(({ position }) => position === 'administrators');
        const administrators = ids.map(({ id }) => {
          const { algorithm, spki } = this.person(id);
          return { id, algorithm, spki };
        });
        if (this.variation.undetermined !== undefined) await this.addUndetermined(step, administrators);
        // The last one first: that fits each of the states that undetermined additions leave.
        for (const administrator of administrators.slice(2).concat(administrators.slice(0, 2))) {
          if (this.state?.administrators.some(({ id }) => id === administrator.id) === true) continue;
          await this.command(step, `add-${administrator.id}`, { command: 'administrator.add', administrator }, [
            administrator.id,
          ]);
        }
        const listed = this.state?.administrators ?? [];
        const thresholds = { signatureThreshold: 2, revocationThreshold: 2, administrators: [...listed] };
        await this.command(step, 'thresholds', { command: 'thresholds.set', ...thresholds }, ['ada', 'bela']);
        return [];
      }
      case 'unit.inventory':
        await this.takeInventory(step);
        return [];
      case 'checkpoint':
        await this.checkpoint(step);
        return [];
      case 'master-key.generate': {
        const shares = [1, 2].map((index) => ({ index, salt: 'cd'.repeat(16), commitment: commitmentOf(index) }));
        const shareSet = { set: SET, scheme: 'components', threshold: 2, shares, pattern: PATTERN };
        await this.act(step, 'set', 'generate master key', null, { shareSet });
        return [];
      }
      case 'master-key.load':
        await this.load(step, 1, 'carl');
        await this.load(step, 2, 'dora');
        return [];
      case 'master-key.commit':
        await this.command(step, 'commit', { command: 'master-key.commit', pattern: PATTERN }, ['ada', 'bela']);
        return [await this.file('attachments/photo.txt', Buffer.from('what was seen\r\n'))];
      case 'master-key.activate':
        await this.command(step, 'activate', { command: 'master-key.activate', pattern: PATTERN }, ['bela']);
        return [];
      case 'shares.reshare':
        for (const [act, result] of RESHARE) {
          const custody = act === ON_OWN_TOKEN.act ? { custody: this.ownToken() } : {};
          await this.act(step, act, 'of shares', null, { ...result, ...custody });
        }
        await this.append({
          type: 'fact.recorded',
          step,
          by: [],
          body: { fact: 'share-set.replaced', value: REPLACED },
        });
        return [];
      case 'shares.drill':
      case 'shares.transfer':
      case 'shares.destroy':
        for (const one of TOLD[step] ?? []) {
          if (one.to !== null) {
            const { index, holder, to } = one;
            const result = { set: OLD_SET, index, custodian: to, holder, readBack: true };
            await this.act(step, `share-${String(index)}/${holder}`, 'transfer share', null, result);
          }
          await this.tellOfShare(step, one);
        }
        return [];
      case 'custody':
        if (this.variation.exceptedSeal === step) await this.raise(step, 'materials');
        for (const entry of ENTRIES[step] ?? []) await this.enterCustody(step, entry);
        return [];
      case 'statement':
        await this.append({
          type: 'step.confirmed',
          step,
          by: ['otto', 'wanda'],
          body: { attempt: 1, statement: 'Everything was done as read out — “wie vorgelesen”.' },
        });
        return [];
      case 'export': {
        const file = await this.file('packages/root-key.keypackage.json', Buffer.from('{"keyrite":"key-package/1"}'));
        this.readBack = await this.everyFile();
        return [file];
      }
      case 'preflight':
        await this.observe(step);
        return this.acts(step, 'facts');
      default:
        await this.append({
          type: 'fact.recorded',
          step,
          by: [],
          body: {
            fact: 'answer',
            value: {
              asked: 'Odd letters?',
              answer: 'tab\there, quote ", back\\slash, nul \u0000, é, 漢, 🔑',
              number: -7,
            },
          },
        });
        await this.manyFacts(step);
        return [];
    }
  }

  private async manyFacts(step: string): Promise<void> {
    for (let number = 0; number < (this.variation.facts ?? 0); number += 1) {
      const value = {
        asked: 'What is in the slot?',
        answer: 'unit-a',
        slot: number,
        label: 'unit-a',
        flags: ['initialised', 'login-required'],
        firmware: '2.6.1',
      };
      await this.writer.append({ type: 'fact.recorded', step, by: ['ada'], body: { fact: 'answer', value } });
    }
  }

  private async enterCustody(step: string, told: Entry): Promise<void> {
    const entry = this.variation.custody?.(told) ?? null;
    if (entry === null) return;
    const payload = { format: 'keyrite-custody/1', ...this.about, step, ...entry, head: this.writer.head };
    const record = this.seal(PAYLOAD_TYPES.custody, ['carl', 'otto'], payload);
    const { kind: _, ...said } = entry;
    await this.append({
      type: 'fact.recorded',
      step,
      by: record.signatures.map(({ keyid }) => keyid),
      body: { fact: 'custody', value: { ...said, record } },
    });
  }

  private async tellOfShare(step: string, { by, ...said }: ToldOfShare): Promise<void> {
    const value = { ...said, set: OLD_SET };
    const payload = {
      format: 'keyrite-share/1',
      ...this.about,
      step,
      ...value,
      commitment: oldCommitment(said.index),
      head: this.writer.head,
    };
    const record = this.seal(PAYLOAD_TYPES.share, by, payload);
    await this.append({
      type: 'fact.recorded',
      step,
      by: record.signatures.map(({ keyid }) => keyid),
      body: { fact: 'share', value: { ...value, record } },
    });
  }

  private async prove(step: string | null, id: string): Promise<void> {
    const proof = this.seal(PAYLOAD_TYPES.presence, [id], {
      format: 'keyrite-presence/1',
      ...this.about,
      participant: id,
      line0: createHash('sha256')
        .update(canonicalBytes(this.lines[0] as unknown as Json))
        .digest('hex'),
      head: this.writer.head,
      nonce: Buffer.from(this.random(32)).toString('hex'),
    });
    await this.append({ type: 'participant.present', step, by: [id], body: { participant: id, proof } });
  }

  private async initialise(step: string): Promise<void> {
    await this.act(step, `${UNIT}/token`, 'C_InitToken', null, { token: { label: UNIT } });
    await this.act(step, `${UNIT}/user-pin`, 'C_InitPIN', null, { token: { label: UNIT, userPinSet: true } });
    const spki = this.person('ada').spki;
    this.state = imprintState(spkiSha256(spki), '0001');
    const result = {
      id: this.state.unit,
      spki,
      algorithm: this.person('ada').algorithm,
      attributes: {},
      state: this.state,
    };
    await this.act(step, `${UNIT}/identity`, 'C_GenerateKeyPair', null, result);
  }

  private async takeInventory(step: string): Promise<void> {
    const unit = this.person('ada');
    const prove = (nonce: string): string => Buffer.from(signWith(unit, identityChallenge(nonce))).toString('base64');
    const nonce = Buffer.from(this.random(32)).toString('hex');
    const empty = { status: 'empty', pattern: null, set: null, attributes: null };
    const reading = {
      unit: UNIT,
      identity: { id: spkiSha256(unit.spki), spki: unit.spki, algorithm: unit.algorithm },
      challenge: { nonce, signature: prove(nonce) },
      registers: { new: empty, current: empty },
      state: this.state,
    };
    const value = this.variation.inventory?.(reading, prove) ?? reading;
    await this.append({ type: 'fact.recorded', step, by: [], body: { fact: 'inventory', value } });
  }

  private async load(step: string, index: number, custodian: string): Promise<void> {
    const payload = { command: 'master-key.load', set: SET, index, of: 2, commitment: commitmentOf(index) } as const;
    await this.command(step, `load-${String(index)}`, payload, [custodian]);
  }

  /** A signed command, with a first attempt of the load that was not applied. */
  private async command(
    step: string,
    name: string,
    payload: CommandPayload,
    signers: readonly string[],
  ): Promise<void> {
    if (this.state === null) throw new Error('the unit is not initialised');
    const sealed = this.seal(
      PAYLOAD_TYPES.command,
      signers,
      nextCommand(this.state, { mode: this.about.mode, id: this.about.ceremony }, payload),
    );
    const custodians = keysOf(this.roster.filter(({ roles }) => roles.includes('custodian')));
    try {
      this.state = applyCommand(this.state, sealed, custodians);
    } catch {
      // A test made the command wrong on purpose; the transcript claims that it was carried out all the same.
      if (this.variation.start !== undefined) this.state = claimed(this.state, sealed);
    }
    if (name === 'load-1') await this.failedAttempt(step, `${UNIT}/${name}`, payload.command, sealed);
    await this.act(step, `${UNIT}/${name}`, payload.command, sealed, { state: this.state });
  }

  /** Each administrator is added to the same state, and what came of that stays open. */
  private async addUndetermined(step: string, administrators: readonly Administrator[]): Promise<void> {
    const before = this.state;
    if (before === null) throw new Error('the unit is not initialised');
    for (const [place, administrator] of administrators.slice(0, 2).entries()) {
      const command = nextCommand(before, this.name, { command: 'administrator.add', administrator });
      const sealed = this.seal(PAYLOAD_TYPES.command, [administrator.id], command);
      await this.failedAttempt(step, `${UNIT}/add-${administrator.id}`, 'administrator.add', sealed, 'undetermined');
      if (this.variation.undetermined === place) this.state = applyCommand(before, sealed, new Map());
    }
  }

  private async failedAttempt(
    step: string,
    act: string,
    operation: string,
    sealed: Envelope,
    verdict: 'not-applied' | 'undetermined' = 'not-applied',
  ): Promise<void> {
    await this.intent(step, act, operation, sealed);
    const error = { code: 'WORKER_CRASHED', message: 'The module worker ended.' };
    await this.append({
      type: 'step.failed',
      step,
      by: [],
      body: { attempt: 1, act, error, changed: 'Perhaps.', next: 'The unit is read again.' },
    });
    await this.append({
      type: 'step.reconciled',
      step,
      by: [],
      body: { attempt: 1, act, verdict, observed: {} },
    });
  }

  private async intent(step: string, act: string, operation: string, command: Envelope | null): Promise<void> {
    await this.append({
      type: 'step.intent',
      step,
      by: [],
      body: { attempt: 1, act, operation, unit: UNIT, parameters: {}, expected: {}, command },
    });
  }

  private async act(
    step: string,
    act: string,
    operation: string,
    command: Envelope | null,
    result: JsonObject,
  ): Promise<void> {
    await this.intent(step, act, operation, command);
    await this.append({ type: 'step.outcome', step, by: [], body: { attempt: 1, act, result } });
  }

  private async exception(step: string, kind: 'step-skipped' | 'step-deviated' | 'materials' | 'clock'): Promise<void> {
    // Wanda is replaced before the last steps of a real life.
    const observer = kind === 'step-deviated' ? 'emil' : 'wanda';
    const record = this.seal(PAYLOAD_TYPES.exception, ['ada', observer], {
      format: 'keyrite-exception/1',
      ...this.about,
      step,
      kind,
      expected: 'The step.',
      happened: 'It was left out.',
      decided: 'To go on.',
    });
    this.exceptions += 1;
    await this.append({ type: 'exception.recorded', step, by: ['ada', observer], body: { kind, record } });
  }

  private async checkpoint(step: string): Promise<void> {
    const { size, root } = this.writer;
    const number = (this.checkpoints += 1);
    const body = checkpointBody({ ...this.name, size, root });
    const files = [await this.file(checkpointFiles(number).body, body)];
    await this.append({ type: 'checkpoint.made', step, by: [], body: { number, size, root, files } });
    const signatures = await this.signCheckpoint(number, body, this.variation.halfwaySigners ?? ['ada', 'wanda']);
    for (const [id, file] of signatures) {
      await this.append({
        type: 'checkpoint.signed',
        step,
        by: [id],
        body: { number, participant: id, files: [file] },
      });
    }
  }

  private async signCheckpoint(
    number: number,
    body: Uint8Array,
    signers: readonly string[],
  ): Promise<Map<string, FileRef>> {
    const names = checkpointFiles(number);
    const signatures = new Map<string, Uint8Array>();
    const files = new Map<string, FileRef>();
    if (!(await this.folder.exists(names.body))) await this.folder.create(names.body, body);
    for (const id of signers) {
      const signature = signWith(this.person(id), preAuthenticationEncoding(PAYLOAD_TYPES.checkpoint, body));
      signatures.set(id, signature);
      files.set(id, await this.file(names.signature(id), signature));
    }
    await this.folder.create(names.envelope, checkpointEnvelopeFile(body, signatures));
    return files;
  }

  private seal(type: PayloadType, signers: readonly string[], payload: Json): Envelope {
    const changed = (this.variation.payload ?? ((_: PayloadType, same: Json) => same))(type, payload);
    const message = preAuthenticationEncoding(type, canonicalBytes(changed));
    const chosen = this.variation.signers?.(type, payload, signers) ?? signers;
    return envelope(type, changed, new Map(chosen.map((id) => [id, signWith(this.person(id), message)])));
  }

  private async append(draft: Draft): Promise<void> {
    const changed = (this.variation.draft ?? identity)(draft);
    if (changed !== null) this.lines.push(await this.writer.append(changed));
  }

  private async file(name: string, content: Uint8Array): Promise<FileRef> {
    await this.folder.create(name, content);
    return { name, sha256: createHash('sha256').update(content).digest('hex') };
  }

  /** What is told of a share on its custodian's own token, whose key pair there their signing key vouches for. */
  private ownToken(): JsonObject {
    const { set, index, custodian } = ON_OWN_TOKEN;
    const spki = Buffer.from('a key pair on the token').toString('base64');
    const statement = shareKeyStatement({ set, index, spki, oaep: 'sha256' });
    const signature = Buffer.from(signWith(this.person(custodian), statement)).toString('base64');
    return { form: 'own-token', spki, oaep: 'sha256', signature, sha256: 'e'.repeat(64) };
  }

  private person(id: string): Person {
    const found = this.people.get(id) ?? this.later.get(id);
    if (found === undefined) throw new Error(`nobody is called ${id}`);
    return found;
  }

  private get about(): { readonly ceremony: string; readonly mode: 'rehearsal' | 'production' } {
    return { ceremony: this.variation.ceremony ?? 'software-1', mode: this.variation.mode ?? 'rehearsal' };
  }

  private get name(): { readonly mode: 'rehearsal' | 'production'; readonly id: string } {
    return { mode: this.about.mode, id: this.about.ceremony };
  }

  private tick(): string {
    this.now.ms += 1500;
    return new Date(this.now.ms).toISOString();
  }

  private bindingText(bound: readonly Person[] = [...this.people.values()], lastKnown = 'null'): string {
    const people = bound.map(
      (one) =>
        `  - { id: ${one.id}, name: ${nameOf(one.id)}, position: ${one.position}, ` +
        `key: { algorithm: ${one.algorithm}, spki: "${one.spki}", holder: file } }\n`,
    );
    return (
      `keyrite: binding/1\nceremony: ${this.about.ceremony}\nmode: ${this.about.mode}\nplan: "${this.plan.sha256}"\n` +
      `people:\n${people.join('')}` +
      `modules:\n  - { id: software, path: /nowhere/module.so, sha256: "${'0'.repeat(64)}", environment: [], files: [], links: [] }\n` +
      `units:\n  - { id: ${UNIT}, module: software, address: { ${lastKnown === 'null' ? 'blank: true' : 'serial: "0001"'} }, lastKnown: ${lastKnown} }\n` +
      'wrappingParameters: []\nmedia: []\n' +
      (this.variation.custody === undefined ? '' : LEDGER_BEFORE) +
      (this.variation.shares === true ? SETS_BEFORE : '')
    );
  }
}

/** What a transcript claims of a command on registers that the unit would have refused. */
function claimed(state: UnitState, sealed: Envelope): UnitState {
  const command = openCommand(sealed);
  const registers =
    command.payload.command === 'master-key.commit'
      ? ({ new: 'full-committed', current: 'empty' } as const)
      : ({ new: 'empty', current: 'valid' } as const);
  const { counter, previous } = command;
  return { ...state, registers, counter, previous, command: commandSha256(command) };
}

const PATTERN = 'c0'.repeat(32);
const SET = 'ab'.repeat(16);

function commitmentOf(index: number): string {
  return createHash('sha256')
    .update(`share ${String(index)}`)
    .digest('hex');
}

function identity<T>(same: T): T {
  return same;
}

function nameOf(id: string): string {
  return `${id.charAt(0).toUpperCase()}${id.slice(1)} Müller`;
}

function entryOf(one: Person): RosterEntry {
  const key = { algorithm: one.algorithm, spki: one.spki, holder: 'file' } as const;
  return { id: one.id, name: nameOf(one.id), roles: [one.role], key };
}

let latecomers: readonly Person[] | null = null;

function laterPeople(reproducible: boolean): readonly Person[] {
  if (reproducible)
    return LATER.map(([id, position, role]) => ({ id, position, role, algorithm: 'ed25519', ...fixedKey(id) }));
  latecomers ??= LATER.map(([id, position, role, algorithm]) => ({
    id,
    position,
    role,
    algorithm,
    ...freshKey(algorithm),
  }));
  return latecomers;
}

let cast: readonly Person[] | null = null;

/** The third administrator where the additions of two others are {@link Variation.undetermined}. */
const THIRD: typeof CAST = [['cleo', 'administrators', 'crypto-administrator', 'ecdsa-p256-sha256']];
let third: readonly Person[] | null = null;

/** Who gets the shares that are passed on. */
const HEIRS: typeof CAST = [
  ['hans', 'heirs', 'custodian', 'ed25519'],
  ['ines', 'heirs', 'custodian', 'ecdsa-p256-sha256'],
];
let heirs: readonly Person[] | null = null;

function castFor({ reproducible, undetermined, shares }: Variation): readonly Person[] {
  if (shares === true) {
    heirs ??= HEIRS.map(([id, position, role, algorithm]) => ({
      id,
      position,
      role,
      algorithm,
      ...freshKey(algorithm),
    }));
    return [...castOf(false), ...heirs];
  }
  if (undetermined === undefined) return castOf(reproducible ?? false);
  third ??= THIRD.map(([id, position, role, algorithm]) => ({ id, position, role, algorithm, ...freshKey(algorithm) }));
  return [...castOf(false), ...third];
}

function castOf(reproducible: boolean): readonly Person[] {
  if (reproducible)
    return CAST.map(([id, position, role]) => ({ id, position, role, algorithm: 'ed25519', ...fixedKey(id) }));
  cast ??= CAST.map(([id, position, role, algorithm]) => ({ id, position, role, algorithm, ...freshKey(algorithm) }));
  return cast;
}

/** People by their ids, some with the key of another. */
function withKeysOf(people: readonly Person[], keyOf: Readonly<Record<string, string>>): Map<string, Person> {
  return new Map(
    people.map((one) => {
      const other = people.find(({ id }) => id === keyOf[one.id]) ?? one;
      return [one.id, { ...one, algorithm: other.algorithm, key: other.key, spki: other.spki }];
    }),
  );
}

function fixedKey(seed: string): Pick<Person, 'key' | 'spki'> {
  const head = Buffer.from('302e020100300506032b657004220420', 'hex');
  const der = Buffer.concat([head, createHash('sha256').update(`keyrite example key of ${seed}`).digest()]);
  return withSpki(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
}

function freshKey(algorithm: SignatureAlgorithm): Pick<Person, 'key' | 'spki'> {
  switch (algorithm) {
    case 'ecdsa-p256-sha256':
      return withSpki(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);
    case 'ecdsa-p384-sha384':
      return withSpki(generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey);
    case 'ecdsa-p521-sha512':
      return withSpki(generateKeyPairSync('ec', { namedCurve: 'secp521r1' }).privateKey);
    case 'rsa-pss-sha256':
      return withSpki(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
    case 'ed25519':
      return withSpki(generateKeyPairSync('ed25519').privateKey);
  }
}

function withSpki(key: KeyObject): Pick<Person, 'key' | 'spki'> {
  return { key, spki: createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64') };
}

/** A person's signature over `message`, in the form their algorithm demands. */
export function signWith(person: Person, message: Uint8Array): Uint8Array {
  switch (person.algorithm) {
    case 'ed25519':
      return sign(null, message, person.key);
    case 'rsa-pss-sha256':
      return sign('sha256', message, { key: person.key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
    case 'ecdsa-p256-sha256':
      return sign('sha256', message, person.key);
    case 'ecdsa-p384-sha384':
      return sign('sha384', message, person.key);
    case 'ecdsa-p521-sha512':
      return sign('sha512', message, person.key);
  }
}
