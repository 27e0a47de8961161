/** The engine's `ShareRoom` over share processes: one for each set, one more for each re-wrapping. */
import { randomBytes } from 'node:crypto';
import { DeviceError } from '../ceremony/command/device-error';
import type { SigningKey } from '../ceremony/command/dsse';
import type {
  AskedOfToken,
  DrawRandom,
  FromToken,
  ImportKey,
  MixedSource,
  ShareFile,
  ShareKey,
  ShareRoom,
  ShareSet,
  ShareSetShape,
  SheetTarget,
  TransportKey,
} from '../ceremony/engine/ports';
import type { ProcessClient } from './client';
import type { ArgsOf, SHARE_OPERATIONS } from './contract';

/** A share process as seen from main. */
export type ShareClient = Pick<ProcessClient<typeof SHARE_OPERATIONS>, 'call' | 'stop' | 'alive'>;

/** Starts a share process: `set` to hold one set, `rewrap` to re-wrap one key. */
export type StartShareProcess = (kind: 'set' | 'rewrap') => ShareClient;

interface OpenSet {
  readonly client: ShareClient;
  /** Id of the set; null until it is generated. */
  set: string | null;
  /** It was made from another set, which stays what it was should this one be lost. */
  replaces: boolean;
  /** Shares that exist in the process alone: nobody has read them back yet. */
  readonly onlyHere: Set<number>;
  /** Shares that a custodian entered or read back. */
  readonly entered: Set<number>;
}

/**
 * Share processes behind the engine's port. A share process touches no unit, so none of its failures leaves a unit in
 * doubt: every rejection is a {@link DeviceError} that is not `uncertain`. Beside those of the share process itself:
 *
 * - `SET_LOST`: it ended before every share was read back; the set is void, its master key exists nowhere.
 * - `SHARES_GONE`: it ended later; the shares are with their custodians, and are entered again after `reopen`.
 * - `TRANSPORT_LOST`: it ended while re-wrapping; nothing was wrapped to the target.
 */
export class ProcessShareRoom implements ShareRoom {
  readonly #start: StartShareProcess;
  readonly #people: readonly { readonly id: string; readonly name: string }[];
  #open: OpenSet | null = null;
  #transport: ShareClient | null = null;

  /** @param people what people are called, for what is said of who entered a share */
  constructor(start: StartShareProcess, people: readonly { readonly id: string; readonly name: string }[] = []) {
    this.#start = start;
    this.#people = people.map(({ id, name }) => ({ id, name }));
  }

  async generate(
    shape: ShareSetShape,
    units: readonly string[],
    draw: DrawRandom,
  ): Promise<{ set: ShareSet; mixed: readonly MixedSource[] }> {
    const open = this.#begin();
    await this.#inSet(open, (client) => client.call('people.are', { people: [...this.#people] }), true);
    const random = await this.#inSet(open, (client) => gather(client, units, draw), true);
    const made = await this.#inSet(open, (client) => client.call('set.generate', { ...shape, random }), true);
    const { sources, ...set } = made;
    open.set = set.set;
    for (const { index } of set.shares) open.onlyHere.add(index);
    return { set, mixed: sources };
  }

  async reopen(set: ShareSet): Promise<void> {
    const open = this.#begin();
    const known = { ...set, shares: set.shares.map((share) => ({ ...share })) };
    await this.#inSet(open, (client) => client.call('people.are', { people: [...this.#people] }), true);
    await this.#inSet(open, (client) => client.call('set.reopen', known), true);
    open.set = set.set;
  }

  holds(set: string): boolean {
    return this.#open !== null && this.#open.set === set && this.#open.client.alive;
  }

  entered(): readonly number[] {
    return this.#open?.client.alive === true ? [...this.#open.entered] : [];
  }

  async show(index: number, custodian: string): Promise<void> {
    await this.#inSet(this.#theSet(), (client) => client.call('share.show', { index, custodian }));
  }

  async enter(
    index: number,
    custodian: string,
    how: { readonly copy?: boolean; readonly more?: boolean } = {},
  ): Promise<void> {
    const args = {
      index,
      custodian,
      ...(how.copy === true ? { copy: true as const } : {}),
      ...(how.more === true ? { more: true as const } : {}),
    };
    await this.#takeBack(index, (client) => client.call('share.enter', args), how.more === true);
  }

  async writeFile(index: number, custodian: string, { medium, lock }: ShareFile) {
    const by = lock.kind === 'recipient' ? { kind: lock.kind, recipient: lock.recipient } : lock;
    const request = { index, custodian, medium: { ...medium }, lock: by };
    return this.#inSet(this.#theSet(), (client) => client.call('share.write-file', request));
  }

  async readFile(index: number, custodian: string, { medium, lock }: ShareFile): Promise<void> {
    const identityFile = lock.kind === 'recipient' ? lock.identityFile : null;
    const request = { index, custodian, medium: { ...medium }, lock: lock.kind, identityFile };
    await this.#takeBack(index, (client) => client.call('share.read-file', request));
  }

  async print(index: number, custodian: string, to: SheetTarget): Promise<{ file: string | null }> {
    const target = to.kind === 'medium' ? { kind: to.kind, medium: { ...to.medium } } : { ...to };
    return this.#inSet(this.#theSet(), (client) => client.call('share.print', { index, custodian, to: target }));
  }

  async sealShare(index: number, custodian: string, key: ShareKey, { algorithm, spki }: SigningKey) {
    const request = { index, custodian, key: { ...key }, holder: { algorithm, spki } };
    return this.#inSet(this.#theSet(), (client) => client.call('share.seal', request));
  }

  async askToken(): Promise<AskedOfToken> {
    return this.#inSet(this.#theSet(), (client) => client.call('share.ask-token', {}));
  }

  async takeFromToken(index: number, custodian: string, given: FromToken): Promise<void> {
    await this.#takeBack(index, (client) => client.call('share.from-token', { index, custodian, ...given }));
  }

  async prove(
    index: number,
    custodian: string,
    seen: readonly { readonly index: number; readonly by: string; readonly at: string }[],
  ): Promise<void> {
    const before = seen.map((one) => ({ ...one }));
    await this.#inSet(this.#theSet(), (client) => client.call('share.prove', { index, custodian, seen: before }));
  }

  async takeOver(index: number, custodian: string): Promise<void> {
    await this.#inSet(this.#theSet(), (client) => client.call('share.take-over', { index, custodian }));
  }

  async passOn(index: number, to: string): Promise<void> {
    await this.#inSet(this.#theSet(), (client) => client.call('share.pass-on', { index, to }));
  }

  async reshare(shape: ShareSetShape): Promise<ShareSet> {
    const open = this.#theSet();
    const made = await this.#inSet(open, (client) => client.call('set.reshare', { ...shape }));
    open.set = made.set;
    open.replaces = true;
    open.entered.clear();
    for (const { index } of made.shares) open.onlyHere.add(index);
    return made;
  }

  async proveWhole(): Promise<void> {
    await this.#inSet(this.#theSet(), (client) => client.call('set.prove', {}));
  }

  async wrapMasterKey(
    importKey: ImportKey,
    unit: { readonly identitySpki: string; readonly identityAlgorithm: string },
  ): Promise<string> {
    const identity = { spki: unit.identitySpki, algorithm: unit.identityAlgorithm };
    const request = { importKey: { ...importKey }, identity };
    return this.#inSet(this.#theSet(), (client) => client.call('set.wrap', request));
  }

  async end(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    await open?.client.stop();
  }

  async makeOneTimeKey(oaep: TransportKey['oaep']): Promise<TransportKey> {
    await this.#endTransport();
    const client = this.#start('rewrap');
    this.#transport = client;
    try {
      return await client.call('transport.make-key', { oaep });
    } catch (error) {
      const trouble = transportTrouble(error, client);
      await this.#endTransport();
      throw trouble;
    }
  }

  async rewrap(
    request: ArgsOf<typeof SHARE_OPERATIONS, 'transport.rewrap'>,
  ): Promise<{ payload: string; nonce: { iv: string; encryptedNonce: string } | null }> {
    const client = this.#transport;
    if (client === null) throw lostTransport('There is no one-time key');
    try {
      return await client.call('transport.rewrap', request);
    } catch (error) {
      throw transportTrouble(error, client);
    } finally {
      await this.#endTransport();
    }
  }

  #begin(): OpenSet {
    if (this.#open?.client.alive === true) {
      throw trouble('SET_IN_HAND', 'Another set of shares is in hand', 'Finish with that set first');
    }
    this.#open = { client: this.#start('set'), set: null, replaces: false, onlyHere: new Set(), entered: new Set() };
    return this.#open;
  }

  #theSet(): OpenSet {
    if (this.#open !== null) return this.#open;
    throw trouble(
      'SET_MISSING',
      'No set of shares is in hand',
      'Open the set again and let the custodians enter their shares',
    );
  }

  /**
   * A share that was brought back is not in this process alone any more.
   *
   * @param more whether the process keeps it, for a copy that is yet to be made
   */
  async #takeBack(index: number, bring: (client: ShareClient) => Promise<unknown>, more = false): Promise<void> {
    const open = this.#theSet();
    await this.#inSet(open, bring);
    if (!more) open.onlyHere.delete(index);
    open.entered.add(index);
  }

  async #inSet<R>(open: OpenSet, act: (client: ShareClient) => Promise<R>, opening = false): Promise<R> {
    try {
      return await act(open.client);
    } catch (error) {
      const told = setTrouble(error, open);
      // A process that did not come to hold a set is of no use.
      if (opening && this.#open === open) await this.end();
      throw told;
    }
  }

  async #endTransport(): Promise<void> {
    const client = this.#transport;
    this.#transport = null;
    await client?.stop();
  }
}

/** Asks each unit for random bytes, sealed to a key of the share process that is made for it. */
async function gather(client: ShareClient, units: readonly string[], draw: DrawRandom) {
  const given: { unit: string; exchange: string; publicKey: string; sealed: string }[] = [];
  for (const unit of units) {
    const exchange = randomBytes(16).toString('hex');
    const publicKey = await client.call('entropy.make-key', { exchange });
    const sealed = await draw(unit, { exchange, publicKey });
    if (sealed !== null) given.push({ unit, exchange, publicKey: sealed.publicKey, sealed: sealed.sealed });
  }
  return given;
}

function setTrouble(error: unknown, open: OpenSet): unknown {
  if (!(error instanceof DeviceError)) return error;
  if (open.client.alive) return inNoDoubt(error);
  const unread = [...open.onlyHere];
  if (unread.length > 0 || open.set === null) {
    const old = 'The old set is as it was: its shares still give the master key.';
    const which = unread.length > 0 ? `before ${listOfShares(unread)} had been read back` : 'before it held a set';
    return new DeviceError({
      code: 'SET_LOST',
      message: `${error.message}. It ended ${which}: the set is void, and ${open.replaces ? 'takes nobody’s place' : 'its master key exists nowhere'}`,
      changed: open.replaces
        ? `Nothing was changed. ${old} What custodians wrote down of the new set are shares of that same master key`
        : 'Nothing was changed on any unit: no master key of this set was loaded. What custodians wrote down is worthless',
      next: open.replaces
        ? 'Destroy what was written down of the new set, as a witnessed act; then the custodians of the old set enter their shares again'
        : 'Destroy what was written down, as a witnessed act, and make a new set',
      uncertain: false,
    });
  }
  return trouble(
    'SHARES_GONE',
    `${error.message}. The shares that had been entered are forgotten; those that the custodians hold stay valid`,
    'Let every custodian enter their share again',
  );
}

function transportTrouble(error: unknown, client: ShareClient): unknown {
  if (!(error instanceof DeviceError)) return error;
  return client.alive ? inNoDoubt(error) : lostTransport(error.message);
}

function lostTransport(what: string): DeviceError {
  return new DeviceError({
    code: 'TRANSPORT_LOST',
    message: `${what}: the root key was not wrapped to the target`,
    changed:
      'Nothing was changed on any unit. What the token wrapped to the one-time key can no longer be opened by anybody',
    next: 'Make a new one-time key, and let the token wrap to that',
    uncertain: false,
  });
}

/** The same error, sure of what it left: a fault of the share process cannot have changed a unit. */
function inNoDoubt(error: DeviceError): DeviceError {
  return error.uncertain
    ? trouble(error.code, error.message, 'Stop, keep the evidence bundle, and report the fault')
    : error;
}

function trouble(code: string, message: string, next: string): DeviceError {
  return new DeviceError({
    code,
    message,
    changed: 'Nothing was changed: no share was taken, and no unit was touched',
    next,
    uncertain: false,
  });
}

function listOfShares(indexes: readonly number[]): string {
  return `${indexes.length === 1 ? 'share' : 'shares'} ${indexes.join(', ')}`;
}
