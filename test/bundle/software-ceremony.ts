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
import { commandSha256, type CommandPayload, type UnitState } from '../../ceremony/command/unit-state';
import { verifyKit } from '../../ceremony/bundle/kit';
import { SUMS, pemOf } from '../../ceremony/bundle/layout';
import { sumsOf } from '../../ceremony/bundle/sums';
import { keysOf } from '../../ceremony/bundle/roster';
import type { BundleFolder } from '../../ceremony/engine/ports';
import { readBinding, readPlan, type BindingDocument, type PlanDocument } from '../../ceremony/plan/read';
import { checkpointBody, checkpointEnvelopeFile, checkpointFiles } from '../../ceremony/transcript/checkpoint';
import type { Draft, FileRef, Line, RosterEntry } from '../../ceremony/transcript/line';
import { TranscriptWriter } from '../../ceremony/transcript/writer';

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
  /** Stops before the named step, without closing. */
  readonly stopBefore?: string;
  readonly outcome?: 'completed' | 'abandoned';
  readonly approvers?: readonly string[];
  /** Steps that an exception skips, further to the inventory. */
  readonly skip?: readonly string[];
  /** Text after the end of `plan.json`. */
  readonly planTail?: string;
  /** Further files by name. */
  readonly extra?: Readonly<Record<string, string>>;
  /** The state that the unit is in from the beginning; whatever is signed, the transcript claims that it was carried out. */
  readonly start?: UnitState;
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
  private readonly binding: BindingDocument;
  private readonly random = seededBytes('random');
  private readonly lines: Line[] = [];
  private writer!: TranscriptWriter;
  private roster: RosterEntry[] = [];
  private state: UnitState | null = null;
  private exceptions = 0;
  private checkpoints = 0;
  private readonly now = { ms: Date.parse('2026-11-23T09:00:00.000Z') };

  private constructor(folder: BundleFolder, variation: Variation) {
    this.folder = folder;
    this.variation = variation;
    this.people = new Map(castOf(variation.reproducible ?? false).map((one) => [one.id, one]));
    const plan = readPlan((variation.planText ?? identity)(PLAN_TEXT));
    const canonical = Buffer.concat([plan.canonical, Buffer.from(variation.planTail ?? '')]);
    this.plan = { ...plan, canonical, sha256: createHash('sha256').update(canonical).digest('hex') };
    this.state = variation.start ?? null;
    this.binding = readBinding((variation.bindingText ?? identity)(this.bindingText()));
  }

  static async open(folder: BundleFolder, variation: Variation): Promise<SoftwareCeremony> {
    const self = new SoftwareCeremony(folder, variation);
    const files = [
      await self.file('plan.yaml', Buffer.from((variation.planText ?? identity)(PLAN_TEXT))),
      await self.file('plan.json', self.plan.canonical),
      await self.file('binding.yaml', Buffer.from((variation.bindingText ?? identity)(self.bindingText()))),
      await self.file('binding.json', self.binding.canonical),
    ];
    const roster = [...self.people.values()].map((one) => ({
      id: one.id,
      name: nameOf(one.id),
      roles: [one.role],
      key: { algorithm: one.algorithm, spki: one.spki, holder: 'file' as const },
    }));
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
        roster: self.roster,
        quorum: self.plan.plan.signOff.quorum,
        keysFrom: self.about.mode === 'production' ? 'plan' : 'binding',
        files,
      },
    });
    return self;
  }

  made(): Made {
    return { planHash: this.plan.sha256, people: this.people, lines: this.lines };
  }

  /** One step of the plan. */
  async carryOut(step: string, action: string): Promise<void> {
    if (action === 'unit.inventory' || this.variation.skip?.includes(step) === true) {
      await this.exception(step, 'step-skipped');
      return;
    }
    await this.append({ type: 'step.started', step, by: [], body: { attempt: 1, action } });
    const files = await this.acts(step, action);
    await this.append({
      type: 'step.outcome',
      step,
      by: [],
      body: { attempt: 1, act: null, result: {}, ...(files.length > 0 ? { files } : {}) },
    });
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
    await this.signCheckpoint((this.checkpoints += 1), body, this.variation.finalSigners ?? ['ada', 'bela', 'wanda']);
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
        const administrators = ['ada', 'bela'].map((id) => {
          const { algorithm, spki } = this.person(id);
          return { id, algorithm, spki };
        });
        for (const administrator of administrators) {
          await this.command(step, `add-${administrator.id}`, { command: 'administrator.add', administrator }, [
            administrator.id,
          ]);
        }
        const thresholds = { signatureThreshold: 2, revocationThreshold: 2, administrators };
        await this.command(step, 'thresholds', { command: 'thresholds.set', ...thresholds }, ['ada', 'bela']);
        return [];
      }
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
      case 'statement':
        await this.append({
          type: 'step.confirmed',
          step,
          by: ['otto', 'wanda'],
          body: { attempt: 1, statement: 'Everything was done as read out — “wie vorgelesen”.' },
        });
        return [];
      case 'export':
        return [await this.file('packages/root-key.keypackage.json', Buffer.from('{"keyrite":"key-package/1"}'))];
      default:
        await this.append({
          type: 'fact.recorded',
          step,
          by: [],
          body: { fact: 'note', value: { text: 'tab\there, quote ", back\\slash, nul \u0000, é, 漢, 🔑', number: -7 } },
        });
        return [];
    }
  }

  private async prove(step: string, id: string): Promise<void> {
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
    await this.act(step, `${UNIT}/user-pin`, 'C_InitPIN', null, { token: { userPinSet: true } });
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

  private async failedAttempt(step: string, act: string, operation: string, sealed: Envelope): Promise<void> {
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
      body: { attempt: 1, act, verdict: 'not-applied', observed: {} },
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

  private async exception(step: string, kind: 'step-skipped'): Promise<void> {
    const record = this.seal(PAYLOAD_TYPES.exception, ['ada', 'wanda'], {
      format: 'keyrite-exception/1',
      ...this.about,
      step,
      kind,
      expected: 'The step.',
      happened: 'It was left out.',
      decided: 'To go on.',
    });
    this.exceptions += 1;
    await this.append({ type: 'exception.recorded', step, by: ['ada', 'wanda'], body: { kind, record } });
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

  private person(id: string): Person {
    const found = this.people.get(id);
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

  private bindingText(): string {
    const people = [...this.people.values()].map(
      (one) =>
        `  - { id: ${one.id}, name: ${nameOf(one.id)}, position: ${one.position}, ` +
        `key: { algorithm: ${one.algorithm}, spki: "${one.spki}", holder: file } }\n`,
    );
    return (
      `keyrite: binding/1\nceremony: ${this.about.ceremony}\nmode: ${this.about.mode}\nplan: "${this.plan.sha256}"\n` +
      `people:\n${people.join('')}` +
      `modules:\n  - { id: software, path: /nowhere/module.so, sha256: "${'0'.repeat(64)}", environment: [], files: [], links: [] }\n` +
      `units:\n  - { id: ${UNIT}, module: software, address: { blank: true }, lastKnown: null }\n` +
      'wrappingParameters: []\nmedia: []\n'
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

let cast: readonly Person[] | null = null;

function castOf(reproducible: boolean): readonly Person[] {
  if (reproducible)
    return CAST.map(([id, position, role]) => ({ id, position, role, algorithm: 'ed25519', ...fixedKey(id) }));
  cast ??= CAST.map(([id, position, role, algorithm]) => ({ id, position, role, algorithm, ...freshKey(algorithm) }));
  return cast;
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
