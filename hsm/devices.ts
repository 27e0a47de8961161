/**
 * The tokens of a binding as the engine sees them: one worker process per PKCS#11 module, started when it is needed and
 * ended with the step in which it took a PIN. Keys in files are used by a process of their own, which ends likewise.
 */
import type { CapabilityReport } from '../ceremony/command/capability-report';
import { DeviceError } from '../ceremony/command/device-error';
import type {
  CommandRequest,
  SealedRandom,
  ZeroiseRequest,
  Devices,
  ExaminedKey,
  ImportKey,
  KeyAddress,
  KeptKey,
  KeyToMake,
  ModuleDescription,
  ReadBack,
  SessionKey,
  AskedOfToken,
  FromToken,
  ShareKey,
  ShareOfSet,
  TokenDescription,
  TransportKey,
  UnitReading,
  ServiceNonce,
  EncryptedNonce,
} from '../ceremony/engine/ports';
import type { SigningKey } from '../ceremony/command/dsse';
import type { UnitState } from '../ceremony/command/unit-state';
import type { WrapFormat } from '../ceremony/keypackage/key-kinds';
import type { TokenForm } from '../ceremony/keypackage/target-profile';
import type { WrappedKey } from '../ceremony/keypackage/wrapped-key';
import type { Binding, BoundUnit, Module, OpenSeat, Person, TokenAddress } from '../ceremony/plan/binding-schema';
import type { Plan } from '../ceremony/plan/schema';
import type { ProcessClient } from './client';
import type { CardTarget, KEY_FILE_OPERATIONS, MODULE_OPERATIONS, ArgsOf, ResultOf, UnitTarget } from './contract';

type ModuleOperations = typeof MODULE_OPERATIONS;
type ModuleClient = ProcessClient<ModuleOperations>;
type KeyFileClient = ProcessClient<typeof KEY_FILE_OPERATIONS>;
type Address = UnitTarget['address'];
type PinEntry = UnitTarget['user'];
type PinOf = 'user' | 'security-officer';

/** Whether a PIN is made in the request, by those the plan lets make it, or given by those who hold it. */
type PinsOf = 'holders' | 'makers';

/** The worker of a module, and whether the module is loaded in it. */
interface Worker {
  readonly client: ModuleClient;
  /** Names the worker in handles of session keys. */
  readonly number: number;
  loaded: Promise<void> | null;
}

/** What {@link ModuleDevices} is built from. */
export interface ModuleDevicesOptions {
  readonly plan: Plan;
  readonly binding: Binding;
  /** Starts a worker process for a module of the binding. May throw DeviceError. */
  readonly startWorker: (module: Module) => ModuleClient;
  /** Starts a key-file process; at most one lives at a time. May throw DeviceError. */
  readonly startKeyFileProcess: () => KeyFileClient;
}

/** `Devices` of the engine over module workers. */
export class ModuleDevices implements Devices {
  readonly #plan: Plan;
  readonly #binding: Binding;
  readonly #startWorker: (module: Module) => ModuleClient;
  readonly #startKeyFileProcess: () => KeyFileClient;
  #keyFiles: KeyFileClient | null = null;
  readonly #workers = new Map<string, Worker>();
  readonly #identities = new Map<string, string>();
  /** People who were enrolled on the day, by id. */
  readonly #enrolled = new Map<string, Person>();
  readonly #addresses = new Map<string, Address>();
  #holdsLogin = false;
  #started = 0;

  constructor({ plan, binding, startWorker, startKeyFileProcess }: ModuleDevicesOptions) {
    this.#plan = plan;
    this.#binding = binding;
    this.#startWorker = startWorker;
    this.#startKeyFileProcess = startKeyFileProcess;
    for (const unit of binding.units) {
      if (unit.lastKnown !== null) this.#identities.set(unit.id, unit.lastKnown.identitySpki);
      this.#addresses.set(unit.id, this.#boundAddress(unit));
    }
  }

  knowIdentity(unit: string, spki: string): void {
    this.#bound(unit);
    this.#identities.set(unit, spki);
    // A unit with an identity is not blank any more, whatever the binding said in the morning.
    const { label, serial, blank } = this.#address(unit);
    if (blank) this.#addresses.set(unit, { blank: false, label, serial });
  }

  holdLogin(hold: boolean): void {
    this.#holdsLogin = hold;
  }

  async endStep(): Promise<void> {
    if (!this.#holdsLogin) await this.endPhase();
  }

  async endPhase(): Promise<void> {
    this.#holdsLogin = false;
    // SECURITY(K-02): only the end of a process clears the copies that V8 and pkcs11js made of a PIN.
    const ending = [...this.#workers].filter(([, worker]) => worker.client.tookPin);
    await Promise.all([this.#endKeyFiles(), ...ending.map(([module, worker]) => this.#replace(module, worker))]);
  }

  /** Ends every worker: the ceremony is over, or is left. Never rejects. */
  async close(): Promise<void> {
    const workers = [...this.#workers.values()];
    this.#workers.clear();
    await Promise.all([this.#endKeyFiles(), ...workers.map(({ client }) => client.stop())]);
  }

  async describeModule(module: string): Promise<ModuleDescription> {
    return await this.#call(module, 'module.describe', {});
  }

  async glanceAtUnit(unit: string): Promise<UnitReading> {
    return (
      (await this.#seekByLabel(unit)) ?? (await this.#callUnit(unit, 'unit.glance', { target: this.#target(unit) }))
    );
  }

  async sealedRandom(
    unit: string,
    to: { readonly exchange: string; readonly publicKey: string },
  ): Promise<SealedRandom> {
    await this.#seekByLabel(unit);
    const { exchange, publicKey } = to;
    return await this.#callUnit(unit, 'unit.random', { target: this.#target(unit), exchange, to: publicKey });
  }

  async openUnit(unit: string): Promise<void> {
    await this.#seekByLabel(unit);
    await this.#callUnit(unit, 'unit.open', { target: this.#target(unit) });
  }

  async readUnit(unit: string, nonce: string): Promise<UnitReading> {
    await this.#seekByLabel(unit);
    return await this.#callUnit(unit, 'unit.read', { target: this.#target(unit), nonce });
  }

  async reportCapabilities(unit: string): Promise<CapabilityReport> {
    return await this.#callUnit(unit, 'unit.capabilities', { target: this.#target(unit) });
  }

  async initialiseToken(unit: string, label: string, again: boolean): Promise<TokenDescription> {
    if (this.#pinEntry(unit, 'security-officer', 'makers') === null) throw noPin(unit, 'security officer PIN');
    // Two tokens with one label could not be told apart after a crash.
    if ((await this.#seekByLabel(unit)) !== null && !again) {
      this.#addresses.set(unit, this.#boundAddress(this.#bound(unit)));
      throw labelTaken(unit, label);
    }
    const target = this.#target(unit, 'makers');
    const token = await this.#callUnit(unit, 'unit.initialise-token', { target, label, again });
    this.#initialised(unit, token);
    return token;
  }

  async setUserPin(unit: string): Promise<TokenDescription> {
    await this.#seekByLabel(unit);
    // The security officer PIN is given by those who hold it, the user PIN is made.
    const securityOfficer = this.#pinEntry(unit, 'security-officer', 'holders');
    if (securityOfficer === null) throw noPin(unit, 'security officer PIN');
    if (this.#pinEntry(unit, 'user', 'makers') === null) throw noPin(unit, 'user PIN');
    const target = { ...this.#target(unit, 'makers'), securityOfficer };
    return await this.#callUnit(unit, 'unit.set-user-pin', { target });
  }

  async changePin(unit: string, role: PinOf, step: string): Promise<TokenDescription> {
    const makers = this.#pinEntry(unit, role, 'makers');
    if (makers === null) throw noPin(unit, `${role} PIN`);
    return await this.#callUnit(unit, 'unit.change-pin', { target: this.#target(unit), role, makers, step });
  }

  async unlockPin(unit: string, step: string): Promise<TokenDescription> {
    const securityOfficer = this.#pinEntry(unit, 'security-officer', 'holders');
    if (securityOfficer === null) throw noPin(unit, 'security officer PIN');
    const target = { ...this.#target(unit, 'makers'), securityOfficer };
    return await this.#callUnit(unit, 'unit.unlock-pin', { target, step });
  }

  async tryPin(
    unit: string,
    role: PinOf,
    change: { readonly step: string; readonly pin: 'old' | 'new' },
  ): Promise<{ opens: boolean; token: TokenDescription }> {
    // Whoever made the new PIN knows it; the old one is with those who held it.
    const target = this.#target(unit, change.pin === 'new' ? 'makers' : 'holders');
    return await this.#callUnit(unit, 'unit.try-pin', { target, role, change });
  }

  async createIdentity(
    unit: string,
  ): Promise<{ id: string; spki: string; algorithm: string; attributes: ReadBack; state: UnitState }> {
    await this.#seekByLabel(unit);
    const made = await this.#callUnit(unit, 'unit.create-identity', { target: this.#target(unit) });
    this.knowIdentity(unit, made.spki);
    return made;
  }

  async perform(unit: string, request: CommandRequest): Promise<UnitReading> {
    const { command, state, custodians, wrapped, pattern } = request;
    return await this.#callUnit(unit, 'unit.perform', {
      target: this.#target(unit),
      command,
      state,
      custodians: { ...custodians },
      wrapped,
      pattern,
    });
  }

  async zeroise(unit: string, request: ZeroiseRequest): Promise<UnitReading> {
    return await this.#callUnit(unit, 'unit.zeroise', { target: this.#target(unit), ...request });
  }

  async examineKey(unit: string, { label, id }: KeyAddress): Promise<ExaminedKey> {
    return await this.#callUnit(unit, 'unit.examine-key', { target: this.#target(unit), label, id });
  }

  async release(units: readonly string[]): Promise<readonly string[]> {
    const modules = [...new Set(units.map((unit) => this.#bound(unit).module))].toSorted();
    const ending = modules.flatMap((module) => this.#workers.get(module) ?? []);
    for (const module of modules) this.#workers.delete(module);
    // Only the end of the process is sure to close what it held open of the device.
    await Promise.all(ending.map(({ client }) => client.stop()));
    return modules;
  }

  async makeImportKey(unit: string, by: 'rsa-oaep' | 'ecdh' | null): Promise<ImportKey> {
    const target = this.#target(unit);
    if (by === 'ecdh') return await this.#callUnit(unit, 'unit.make-agreement-key', { target });
    try {
      return await this.#callUnit(unit, 'unit.make-import-key', { target });
    } catch (error) {
      if (by !== null || !(error instanceof DeviceError) || error.code !== 'OAEP_NOT_SUPPORTED') throw error;
      return await this.#callUnit(unit, 'unit.make-agreement-key', { target });
    }
  }

  async makeRootKey(unit: string, name: string): Promise<SessionKey> {
    const worker = await this.#ready(this.#bound(unit).module);
    const made = await worker.client.call('unit.make-root-key', { target: this.#target(unit), name });
    return { ...made, handle: `${String(worker.number)}:${made.handle}` };
  }

  async wrapRootKey(
    unit: string,
    handle: string,
    { spki, bits, oaep }: TransportKey,
    form: TokenForm,
  ): Promise<string> {
    const { client, own } = this.#sessionKey(unit, handle);
    const to = { spki, bits, oaep };
    return await client.call('unit.wrap-root-key', { target: this.#target(unit), handle: own, to, form });
  }

  async encryptNonce(unit: string, handle: string, { value: nonce, by }: ServiceNonce): Promise<EncryptedNonce | null> {
    const { client, own } = this.#sessionKey(unit, handle);
    return await client.call('unit.encrypt-nonce', { target: this.#target(unit), handle: own, nonce, by });
  }

  async destroyRootKey(unit: string, handle: string): Promise<void> {
    const { client, own } = this.#sessionKey(unit, handle);
    await client.call('unit.destroy-root-key', { target: this.#target(unit), handle: own });
  }

  async makeKey(unit: string, key: KeyToMake): Promise<KeptKey> {
    return await this.#callUnit(unit, 'unit.make-key', { target: this.#target(unit), key });
  }

  async lookForKey(unit: string, name: string): Promise<KeptKey | null> {
    return await this.#callUnit(unit, 'unit.look-for-key', { target: this.#target(unit), name });
  }

  async wrapKey(unit: string, name: string, format: WrapFormat | null): Promise<WrappedKey> {
    return await this.#callUnit(unit, 'unit.wrap-key', { target: this.#target(unit), name, format });
  }

  async sealKey(unit: string, name: string): Promise<ReadBack> {
    return await this.#callUnit(unit, 'unit.seal-key', { target: this.#target(unit), name });
  }

  async restoreKey(unit: string, key: WrappedKey): Promise<ReadBack> {
    return await this.#callUnit(unit, 'unit.restore-key', { target: this.#target(unit), key });
  }

  async destroyKey(unit: string, name: string): Promise<number> {
    return await this.#callUnit(unit, 'unit.destroy-key', { target: this.#target(unit), name });
  }

  async reEncipher(unit: string, to: string, keys: readonly WrappedKey[]): Promise<readonly WrappedKey[]> {
    return await this.#callUnit(unit, 'unit.re-encipher', { target: this.#target(unit), to, keys: [...keys] });
  }

  async checkWrapped(unit: string, masterKey: string, keys: readonly WrappedKey[]): Promise<void> {
    await this.#callUnit(unit, 'unit.check-wrapped', { target: this.#target(unit), masterKey, keys: [...keys] });
  }

  async readSeatKey(seat: string): Promise<SigningKey> {
    const token = this.#seat(seat)?.token;
    if (token === undefined) throw noToken(seat);
    const { module, address, keyLabel } = token;
    return await this.#call(module, 'card.read-key', { participant: seat, address: addressOf(address), keyLabel });
  }

  knowPerson(participant: string, { algorithm, spki }: SigningKey): void {
    const seat = this.#seat(participant);
    // Where a later session's binding has no seat for them, they are bound as everybody else, or are not there.
    if (seat === undefined) return;
    const { id, position, token } = seat;
    this.#enrolled.set(id, { id, name: id, position, key: { algorithm, spki, holder: 'token' }, token });
  }

  #seat(id: string): OpenSeat | undefined {
    return this.#binding.enrol?.find((one) => one.id === id);
  }

  async sign(participant: string, message: Uint8Array): Promise<Uint8Array> {
    const person = this.#binding.people.find((one) => one.id === participant) ?? this.#enrolled.get(participant);
    if (person?.key.holder === 'file') return await this.#signWithFile(person, message);
    const { module, card } = this.#cardOf(participant);
    const signature = await this.#call(module, 'card.sign', {
      card,
      message: Buffer.from(message).toString('base64'),
    });
    return Buffer.from(signature, 'base64');
  }

  async makeShareKey(participant: string, share: ShareOfSet): Promise<ShareKey> {
    const { module, card } = this.#cardOf(participant);
    return await this.#call(module, 'card.make-share-key', { card, share: { ...share } });
  }

  async keepShare(participant: string, share: ShareOfSet, envelope: string): Promise<void> {
    const { module, card } = this.#cardOf(participant);
    await this.#call(module, 'card.keep-share', { card, share: { ...share }, envelope });
  }

  async openShare(participant: string, share: ShareOfSet, asked: AskedOfToken): Promise<FromToken> {
    const { module, card } = this.#cardOf(participant);
    return await this.#call(module, 'card.open-share', { card, share: { ...share }, ...asked });
  }

  #cardOf(participant: string): { module: string; card: CardTarget } {
    const person = this.#binding.people.find((one) => one.id === participant) ?? this.#enrolled.get(participant);
    if (person?.token === undefined) throw noToken(participant);
    const { key, token } = person;
    const address = addressOf(token.address);
    const card = { participant, address, keyLabel: token.keyLabel, algorithm: key.algorithm, spki: key.spki };
    return { module: token.module, card };
  }

  async #signWithFile({ id, key, keyFile }: Person, message: Uint8Array): Promise<Uint8Array> {
    if (keyFile === undefined) throw noKeyFile(id);
    if (this.#keyFiles?.alive !== true) this.#keyFiles = this.#startKeyFileProcess();
    const signature = await this.#keyFiles.call('key-file.sign', {
      file: { participant: id, path: keyFile, algorithm: key.algorithm, spki: key.spki },
      message: Buffer.from(message).toString('base64'),
    });
    return Buffer.from(signature, 'base64');
  }

  /** Ends the process that may hold keys and passphrases of key files. */
  async #endKeyFiles(): Promise<void> {
    const client = this.#keyFiles;
    this.#keyFiles = null;
    // SECURITY(K-96): only the end of a process clears what its memory holds.
    await client?.stop();
  }

  async #callUnit<K extends keyof ModuleOperations>(
    unit: string,
    operation: K,
    args: ArgsOf<ModuleOperations, K>,
  ): Promise<ResultOf<ModuleOperations, K>> {
    return await this.#call(this.#bound(unit).module, operation, args);
  }

  async #call<K extends keyof ModuleOperations>(
    module: string,
    operation: K,
    args: ArgsOf<ModuleOperations, K>,
  ): Promise<ResultOf<ModuleOperations, K>> {
    const worker = await this.#ready(module);
    return await worker.client.call(operation, args);
  }

  /** A living worker of the module with the module loaded in it. */
  async #ready(id: string): Promise<Worker> {
    const worker = this.#worker(id);
    worker.loaded ??= this.#load(worker.client, this.#module(id));
    try {
      await worker.loaded;
    } catch (error) {
      // A worker without its module is good for nothing; the next request starts another.
      if (this.#workers.get(id) === worker) this.#workers.delete(id);
      await worker.client.stop();
      throw error;
    }
    return worker;
  }

  #worker(id: string): Worker {
    const present = this.#workers.get(id);
    if (present?.client.alive === true) return present;
    this.#started += 1;
    const worker = { client: this.#startWorker(this.#module(id)), number: this.#started, loaded: null };
    this.#workers.set(id, worker);
    return worker;
  }

  async #load(client: ModuleClient, module: Module): Promise<void> {
    await client.call('module.load', {
      module: module.id,
      path: module.path,
      sha256: module.sha256,
      libraryParameters: module.libraryParameters ?? null,
      files: module.files,
    });
  }

  /** Ends a worker that took a PIN, and starts the next one meanwhile, so that nobody waits for it. */
  async #replace(module: string, worker: Worker): Promise<void> {
    this.#workers.delete(module);
    const stopped = worker.client.stop();
    try {
      this.#worker(module);
    } catch {
      // Told by the next request, which starts one again.
    }
    await stopped;
  }

  /** The worker in which a session key lives, and the key's handle there. */
  #sessionKey(unit: string, handle: string): { client: ModuleClient; own: string } {
    const [, number, own] = /^([0-9]+):(.*)$/s.exec(handle) ?? [];
    const worker = this.#workers.get(this.#bound(unit).module);
    if (own === undefined || worker?.client.alive !== true || String(worker.number) !== number) throw keyLost(unit);
    return { client: worker.client, own };
  }

  #target(unit: string, pins: PinsOf = 'holders'): UnitTarget {
    const user = this.#pinEntry(unit, 'user', pins);
    const securityOfficer = this.#pinEntry(unit, 'security-officer', pins);
    // Requests that need a PIN the plan lacks are refused before this; in the others the place is only filled.
    const any = user ?? securityOfficer;
    if (any === null) throw noPin(unit, 'PIN');
    return {
      unit,
      address: this.#address(unit),
      identitySpki: this.#identities.get(unit) ?? null,
      user: user ?? any,
      securityOfficer: securityOfficer ?? any,
    };
  }

  /** Who gives a PIN of a unit by the plan: as many people of the position as the PIN has parts. */
  #pinEntry(unit: string, role: 'user' | 'security-officer', pins: PinsOf): PinEntry | null {
    const pin = this.#plan.pins.find((one) => one.for === role && one.units.includes(unit));
    if (pin === undefined) return null;
    const position = pins === 'makers' ? pin.madeBy : pin.heldBy;
    const people = this.#binding.people.filter((person) => person.position === position).map((person) => person.id);
    if (people.length < pin.parts) throw tooFewPeople(pin.id, position, pin.parts, people.length);
    return { parts: pin.parts, holders: people.slice(0, pin.parts) };
  }

  /**
   * For a unit that the binding calls blank: after a crash its token may have been initialised already, which its label
   * tells. Modules such as SoftHSM2 always show one more blank token, which must not be taken for it.
   */
  async #seekByLabel(unit: string): Promise<UnitReading | null> {
    const { blank, label } = this.#address(unit);
    if (!blank || label === null) return null;
    const target = { ...this.#target(unit), address: { blank: false, label, serial: null } };
    const reading = await this.#callUnit(unit, 'unit.glance', { target });
    const { token } = reading;
    if (token?.initialised !== true || token.label !== label) return null;
    this.#initialised(unit, token);
    return reading;
  }

  #initialised(unit: string, { label, serial }: TokenDescription): void {
    this.#addresses.set(unit, { blank: false, label, serial });
  }

  /** Where a unit's token is by the binding; of a blank one, the label it is to get. */
  #boundAddress({ id, address, lastKnown }: BoundUnit): Address {
    const given = addressOf(address);
    const planned = this.#plan.units.find((unit) => unit.id === id)?.label ?? null;
    return { ...given, blank: given.blank && lastKnown === null, label: given.label ?? (given.blank ? planned : null) };
  }

  #address(unit: string): Address {
    return this.#addresses.get(unit) ?? this.#boundAddress(this.#bound(unit));
  }

  #bound(unit: string): BoundUnit {
    const bound = this.#binding.units.find((one) => one.id === unit);
    if (bound === undefined) throw new RangeError(`unit: expected one of the binding, got ${unit}`);
    return bound;
  }

  #module(id: string): Module {
    const module = this.#binding.modules.find((one) => one.id === id);
    if (module === undefined) throw new RangeError(`module: expected one of the binding, got ${id}`);
    return module;
  }
}

function addressOf({ blank, label, serial }: TokenAddress): Address {
  return { blank, label: label ?? null, serial: serial ?? null };
}

function keyLost(unit: string): DeviceError {
  return new DeviceError({
    code: 'SESSION_KEY_LOST',
    message: `The key made in unit ${unit} for this step is gone: the process that held its session has ended`,
    changed: `Nothing was changed on unit ${unit}. The key was never stored; it ended with its session`,
    next: 'Carry out the step again: it makes a new key',
    uncertain: false,
  });
}

function labelTaken(unit: string, label: string): DeviceError {
  return new DeviceError({
    code: 'LABEL_TAKEN',
    message: `A token labelled ${label}, the label that unit ${unit} is to get, is there already`,
    changed: 'Nothing was changed: no token was initialised',
    next: "Take that token away or erase it with the vendor's tool, or give the unit another label in the plan",
    uncertain: false,
  });
}

function noToken(participant: string): DeviceError {
  return new DeviceError({
    code: 'NO_TOKEN',
    message: `The binding names no token of ${participant} to sign with`,
    changed: 'Nothing was signed',
    next: 'Name module, token and key label of that person in the binding',
    uncertain: false,
  });
}

function noKeyFile(participant: string): DeviceError {
  return new DeviceError({
    code: 'NO_KEY_FILE',
    message: `The binding says that the key of ${participant} is in a file, and not in which`,
    changed: 'Nothing was signed',
    next: 'Add `keyFile`, an absolute path, to that person in the binding',
    uncertain: false,
  });
}

function noPin(unit: string, which: string): DeviceError {
  return new DeviceError({
    code: 'PIN_NOT_PLANNED',
    message: `The plan names no ${which} of unit ${unit}, so nobody can be asked for one`,
    changed: 'Nothing was changed',
    next: 'Add the PIN, who makes it and who holds it, to the plan',
    uncertain: false,
  });
}

function tooFewPeople(pin: string, position: string, parts: number, found: number): DeviceError {
  return new DeviceError({
    code: 'PIN_PEOPLE_MISSING',
    message: `PIN ${pin} has ${String(parts)} parts, but the binding puts ${String(found)} people in position ${position}`,
    changed: 'Nothing was changed',
    next: 'Bind as many people to the position as the PIN has parts',
    uncertain: false,
  });
}
