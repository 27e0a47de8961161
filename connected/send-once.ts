/**
 * Import and rotation happen once, although neither request is idempotent: before each try the service is read, and when
 * no answer comes it is read again. A new key carries the package's hash in its description, so that it is known again.
 */
import type { KeyProtectFields } from '../ceremony/keypackage/key-protect';
import { ConnectFailure, EXIT, quoted, refusal } from './failure';
import { inWords, ServiceRefusal, type KeyAnswer, type KeyProtectClient, type RemoteKey } from './key-protect-client';
import { NoAnswer, type Answer } from './request';

/** What the service holds now. */
export interface Sent {
  readonly key: { readonly id: string; readonly version: string | null };
  /** `found`: the service was read and has it, but no answer to a request of this run says so. */
  readonly outcome: 'accepted' | 'found';
  readonly answer: Answer;
}

/** How often a request is sent at most. */
const TRIES = 2;

/** Pauses before the service is read again after no answer came, in milliseconds. */
const PAUSES = [200, 1000, 3000];

const UNKNOWN = 'It is not known whether the service acted on the package.';
const RUN_AGAIN = 'Run upload again when the network is back: it reads the service first and sends nothing twice.';

/** Description of a key made from a package; not secret. */
export function packageMark(sha256: string): string {
  return `keyrite package ${sha256}`;
}

/**
 * Imports a new root key.
 *
 * @param before is run right before the first sending
 * @throws ConnectFailure
 */
export async function createOnce(
  client: KeyProtectClient,
  wanted: {
    readonly name: string;
    readonly sha256: string;
    readonly fields: KeyProtectFields;
    readonly sameName: boolean;
  },
  before: () => Promise<void>,
): Promise<Sent> {
  const mark = packageMark(wanted.sha256);
  const look = async (): Promise<{ ours: RemoteKey[]; others: RemoteKey[]; answer: Answer | undefined }> => {
    const { keys, answers } = await client.keysNamed(wanted.name);
    const ours = keys.filter((key) => key.description === mark);
    return { ours, others: keys.filter((key) => key.description !== mark), answer: answers[answers.length - 1] };
  };
  const found = async (): Promise<Sent | null> => {
    const { ours } = await look();
    if (ours.length > 1) throw twice(ours);
    const [key] = ours;
    return key === undefined ? null : confirmed(client, key.id, 'found');
  };

  const first = await reading(look);
  if (first.ours.length > 0) return (await reading(found)) ?? never();
  if (first.others.length > 0 && !wanted.sameName) {
    throw refusal(
      `The instance has another key named ${quoted(wanted.name)} (${String(first.others[0]?.id)}). The package was not sent.`,
      'Find out where it comes from. --same-name makes a second key of that name.',
    );
  }
  await before();
  for (let attempt = 1; ; attempt += 1) {
    try {
      const made = await client.createKey(wanted.name, mark, wanted.fields);
      judgeNewKey(made.key, wanted.name);
      if (attempt > 1 && (await look()).ours.length > 1) throw twice((await look()).ours);
      return await confirmed(client, made.key.id, 'accepted', made.answer);
    } catch (error) {
      if (error instanceof ServiceRefusal) {
        const after = attempt > 1 ? await reading(found) : null;
        if (after !== null) return after;
        throw inWords(error, 'No key was made.', RUN_AGAIN);
      }
      if (!(error instanceof NoAnswer)) throw error;
      const after = await afterSilence(error, found);
      if (after !== null) return after;
      if (attempt >= TRIES) throw inWords(error, `${UNKNOWN} No key of it was seen.`, RUN_AGAIN);
    }
  }
}

/**
 * Rotates an imported key.
 *
 * @param before is run right before the first sending
 * @throws ConnectFailure
 */
export async function rotateOnce(
  client: KeyProtectClient,
  wanted: { readonly key: string; readonly fields: KeyProtectFields },
  before: () => Promise<void>,
): Promise<Sent> {
  const old = await reading(async () => client.key(wanted.key));
  if (old.key.imported === false) {
    throw refusal(
      `The key ${wanted.key} was not imported, so it takes no key material. The package was not sent.`,
      'Check the key id.',
    );
  }
  const found = async (): Promise<Sent | null> => {
    const now = await client.key(wanted.key);
    return isRotated(old, now) ? sentOf(now, 'found') : null;
  };
  await before();
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await client.rotateKey(wanted.key, wanted.fields);
      const now = await client.key(wanted.key);
      if (!isRotated(old, now)) {
        throw new ConnectFailure(EXIT.finding, {
          happened: 'The service accepted the rotation, but the key still shows its old version.',
          changed: UNKNOWN,
          next: "Look at the key's versions at the service before doing anything else.",
        });
      }
      return { ...sentOf(now, 'accepted'), answer };
    } catch (error) {
      if (error instanceof ServiceRefusal) {
        // After silence, a refusal for being too early can mean that the first try was carried out after all.
        const after = attempt > 1 ? await reading(found) : null;
        if (after !== null) return after;
        throw inWords(error, 'The key was not rotated.', RUN_AGAIN);
      }
      if (!(error instanceof NoAnswer)) throw error;
      const after = await afterSilence(error, found);
      if (after !== null) return after;
      if (attempt >= TRIES) throw inWords(error, `${UNKNOWN} The key showed its old version.`, RUN_AGAIN);
    }
  }
}

/** Reads the service before anything was sent. */
async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ConnectFailure) throw error;
    throw inWords(error, 'The package was not sent.', 'Check the network and try again.');
  }
}

/** Reads the service until it answers; null when it has nothing of the package. */
async function afterSilence(silence: NoAnswer, found: () => Promise<Sent | null>): Promise<Sent | null> {
  if (!silence.reached) return null;
  let last: unknown = silence;
  let answered = false;
  for (const pause of PAUSES) {
    await new Promise((done) => setTimeout(done, pause));
    try {
      const sent = await found();
      if (sent !== null) return sent;
      answered = true;
    } catch (error) {
      if (error instanceof ConnectFailure) throw error;
      last = error;
    }
  }
  if (answered) return null;
  throw inWords(last, UNKNOWN, RUN_AGAIN);
}

/** The key as its metadata shows it: the answer to a creation need not name the version. */
async function confirmed(
  client: KeyProtectClient,
  id: string,
  outcome: Sent['outcome'],
  answer?: Answer,
): Promise<Sent> {
  try {
    const read = await client.key(id);
    return { ...sentOf(read, outcome), answer: answer ?? read.answer };
  } catch (error) {
    if (answer === undefined) throw error;
    return { key: { id, version: null }, outcome, answer };
  }
}

function sentOf(read: KeyAnswer, outcome: Sent['outcome']): Sent {
  return { key: { id: read.key.id, version: read.key.keyVersion?.id ?? null }, outcome, answer: read.answer };
}

function isRotated(old: KeyAnswer, now: KeyAnswer): boolean {
  const [before, after] = [old.key.keyVersion?.id, now.key.keyVersion?.id];
  if (before !== undefined && after !== undefined) return before !== after;
  return (now.key.lastRotateDate ?? null) !== (old.key.lastRotateDate ?? null);
}

function judgeNewKey(key: RemoteKey, name: string): void {
  const wrong =
    key.extractable === true
      ? 'extractable'
      : key.imported === false
        ? 'not imported'
        : key.state !== undefined && key.state !== 1
          ? `in state ${String(key.state)}`
          : key.name !== '' && key.name !== name
            ? `named ${quoted(key.name)}`
            : null;
  if (wrong === null) return;
  throw new ConnectFailure(EXIT.finding, {
    happened: `The service made a key, but it is ${wrong}.`,
    changed: `The key ${key.id} is at the service. No receipt was written.`,
    next: 'Do not use that key; delete it at the service and find out why.',
  });
}

function twice(keys: readonly RemoteKey[]): ConnectFailure {
  return new ConnectFailure(EXIT.finding, {
    happened: `The service has ${String(keys.length)} keys of this package: ${keys.map((key) => key.id).join(', ')}.`,
    changed: 'A request that got no answer was carried out after all. No receipt was written.',
    next: 'Delete all but one at the service, then run upload again for the receipt.',
  });
}

function never(): never {
  throw refusal(
    'The key that was seen a moment ago is gone.',
    'Find out who deletes keys of this instance, then run upload again.',
  );
}
