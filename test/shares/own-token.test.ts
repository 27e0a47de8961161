/** Shares on custodians' own tokens, on a real SoftHSM2: what is on the token, and every way in which it is not that share. */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DeviceError } from '../../ceremony/command/device-error';
import type { CardTarget } from '../../hsm/contract';
import { readEnvelope, shareLabel } from '../../hsm/share-envelope';
import { shareHandlers } from '../../hsm/shares/handlers';
import { moduleHandlers } from '../../hsm/unit/operations';
import { FakeLink } from '../unit/people';
import { SOFTHSM, fileSha256, makeStore, type Store } from '../unit/softhsm';
import { componentOn, Custodians } from './custodians';

const worker = moduleHandlers();
const link = new FakeLink({ 'carol/card/1': 'carol-pin', 'dave/card/1': 'dave-pin' });
const cards: Record<string, CardTarget> = {};
let store: Store;

beforeAll(async () => {
  store = makeStore();
  await worker['module.load'](
    { module: 'cards', path: SOFTHSM, sha256: fileSha256(SOFTHSM), libraryParameters: null, files: [] },
    link,
  );
  for (const participant of ['carol', 'dave']) {
    const label = participant.toUpperCase();
    const made = await worker['card.prepare'](
      { participant, label, keyLabel: 'sign', algorithm: 'ecdsa-p256-sha256' },
      link,
    );
    const address = { blank: false, label, serial: made.serial };
    cards[participant] = { participant, address, keyLabel: 'sign', algorithm: made.algorithm, spki: made.spki };
  }
});
afterAll(() => {
  store.remove();
});

type Shares = ReturnType<typeof shareHandlers>;

const card = (custodian: string): CardTarget => {
  const found = cards[custodian];
  if (found === undefined) throw new Error(`no card of ${custodian}`);
  return found;
};

async function handOver(shares: Shares, set: string, index: number, custodian: string) {
  const share = { set, index };
  const key = await worker['card.make-share-key']({ card: card(custodian), share }, link);
  const { algorithm, spki } = card(custodian);
  const sealed = await shares['share.seal']({ index, custodian, key, holder: { algorithm, spki } }, new Custodians());
  await worker['card.keep-share']({ card: card(custodian), share, envelope: sealed.envelope }, link);
  return { key, ...sealed };
}

/** What the token of `from` gives for a share, and the share process takes as one. */
async function takeBack(shares: Shares, set: string, index: number, custodian: string, from = custodian) {
  const asked = await shares['share.ask-token']({}, new Custodians());
  const given = await worker['card.open-share']({ card: card(from), share: { set, index }, ...asked }, link);
  await shares['share.from-token']({ index, custodian, ...given }, new Custodians());
  return given;
}

async function made(): Promise<{ shares: Shares; set: string }> {
  const shares = shareHandlers({ transport: false });
  const known = await shares['set.generate']({ scheme: 'components', threshold: 2, count: 2 }, new Custodians());
  return { shares, set: known.set };
}

const errorOf = async (act: Promise<unknown>): Promise<DeviceError> => {
  const error: unknown = await act.then(
    () => null,
    (one: unknown) => one,
  );
  if (error instanceof DeviceError) return error;
  throw error instanceof Error ? error : new Error('it was not refused');
};

it('lies on the token as ciphertext beside a key that only decrypts, and comes back', async () => {
  const { shares, set } = await made();
  const { key, envelope } = await handOver(shares, set, 1, 'carol');
  const listed = store.tool('--token-label', 'CAROL', '--login', '--pin', 'carol-pin', '--list-objects');
  const label = shareLabel({ set, index: 1 });
  expect(listed).toContain(label);
  const privateKey =
    listed
      .split(/(?=Private Key Object)/)
      .find((one) => one.startsWith('Private Key Object; RSA') && one.includes(label)) ?? '';
  expect(privateKey).toMatch(/Usage:\s+decrypt\n/);
  expect(privateKey).toMatch(/Access:\s+sensitive, always sensitive, never extractable, local/);
  // Without the PIN neither is there.
  expect(store.tool('--token-label', 'CAROL', '--list-objects', '--type', 'data')).not.toContain(label);
  // SoftHSM2 has OAEP with SHA-1 alone.
  expect(key).toMatchObject({ bits: 3072, oaep: 'sha1' });
  expect(readEnvelope(Buffer.from(envelope, 'base64'))).toMatchObject({ set, index: 1 });

  const given = await takeBack(shares, set, 1, 'carol');
  expect(given.envelope).toBe(envelope);
  expect((await errorOf(takeBack(shares, set, 1, 'carol'))).code).toBe('SHARE_ENTERED');

  // What passed main holds nothing of the share. The other share, shown, is the control that a component would be seen.
  const people = new Custodians();
  await shares['share.show']({ index: 2, custodian: 'dave' }, people);
  expect(componentOn(people.worksheets.get('dave') ?? '')).toHaveLength(32);
  for (const passed of [envelope, given.sealed]) {
    const bytes = Buffer.from(passed, 'base64').toString('latin1');
    expect(bytes).not.toContain('KEYRITE SHARE');
    expect(bytes).not.toContain('carol');
  }
});

it('is made again over an earlier try, with the key that is there', async () => {
  const { shares, set } = await made();
  const first = await handOver(shares, set, 1, 'carol');
  const again = await handOver(shares, set, 1, 'carol');
  expect(again.key.spki).toBe(first.key.spki);
  expect(again.sha256).not.toBe(first.sha256);
  await takeBack(shares, set, 1, 'carol');
});

it('is opened for a process that never held it', async () => {
  const shares = shareHandlers({ transport: false });
  const known = await shares['set.generate']({ scheme: 'threshold', threshold: 2, count: 2 }, new Custodians());
  await handOver(shares, known.set, 1, 'carol');
  const later = shareHandlers({ transport: false });
  await later['set.reopen'](known, new Custodians());
  await takeBack(later, known.set, 1, 'carol');
});

it('is refused from another person’s token, and where it is not there', async () => {
  const { shares, set } = await made();
  await handOver(shares, set, 1, 'carol');
  await handOver(shares, set, 2, 'dave');
  expect(await errorOf(takeBack(shares, set, 1, 'carol', 'dave'))).toMatchObject({
    code: 'SHARE_NOT_ON_TOKEN',
    message: 'the token of dave does not hold the share that is asked for: there is none under its name.',
  });
  // The right name, and the signing key of somebody else: another token than the bound one.
  const wrong = { ...card('carol'), spki: card('dave').spki };
  const asked = await shares['share.ask-token']({}, new Custodians());
  const opened = worker['card.open-share']({ card: wrong, share: { set, index: 1 }, ...asked }, link);
  expect((await errorOf(Promise.resolve(opened))).code).toBe('CARD_CHANGED');
  // One custodian cannot have another's share, whatever is on the token.
  await takeBack(shares, set, 2, 'dave');
  expect((await errorOf(takeBack(shares, set, 1, 'dave', 'carol'))).code).toBe('SHARE_SECOND');
});

it('is refused when the envelope is another share’s, another set’s, or was changed', async () => {
  const { shares, set } = await made();
  const { envelope } = await handOver(shares, set, 1, 'carol');
  const other = await made();
  const others = await handOver(other.shares, other.set, 1, 'carol');
  const put = async (content: string): Promise<DeviceError> => {
    await worker['card.keep-share']({ card: card('carol'), share: { set, index: 1 }, envelope: content }, link);
    return errorOf(takeBack(shares, set, 1, 'carol'));
  };
  const edit = (change: object): string => {
    const content = JSON.parse(Buffer.from(envelope, 'base64').toString()) as object;
    return Buffer.from(JSON.stringify({ ...content, ...change })).toString('base64');
  };
  // Opened with a key that it was not encrypted to: the token says what it likes, and nothing is taken.
  await put(others.envelope);
  expect((await put(Buffer.from('no envelope').toString('base64'))).code).toBe('SHARE_NOT_ON_TOKEN');
  expect((await put(edit({ ciphertext: Buffer.alloc(300).toString('base64') }))).message).toContain('it was changed');
  expect((await put(edit({ index: 2 }))).message).toContain('it was changed');
  await worker['card.keep-share']({ card: card('carol'), share: { set, index: 1 }, envelope }, link);
  await takeBack(shares, set, 1, 'carol');
});

it('is encrypted to no key that the custodian’s signing key does not vouch for, and taken through no other exchange', async () => {
  const { shares, set } = await made();
  const { algorithm, spki } = card('carol');
  const key = await worker['card.make-share-key']({ card: card('carol'), share: { set, index: 1 } }, link);
  const stranger = generateKeyPairSync('rsa', { modulusLength: 3072 })
    .publicKey.export({ format: 'der', type: 'spki' })
    .toString('base64');
  const seal = (asked: typeof key, index = 1, custodian = 'carol') =>
    Promise.resolve(
      shares['share.seal']({ index, custodian, key: asked, holder: { algorithm, spki } }, new Custodians()),
    );
  expect((await errorOf(seal({ ...key, spki: stranger }))).code).toBe('SHARE_KEY_UNPROVEN');
  expect((await errorOf(seal({ ...key, oaep: 'sha256' }))).code).toBe('SHARE_KEY_UNPROVEN');
  // Nobody who was to get share 1 is given another.
  expect((await errorOf(seal(key, 2))).code).toBe('SHARE_SECOND');
  expect((await errorOf(seal(key, 2, 'dave'))).code).toBe('SHARE_KEY_UNPROVEN');
  await handOver(shares, set, 1, 'carol');
  const asked = await shares['share.ask-token']({}, new Custodians());
  const given = await worker['card.open-share']({ card: card('carol'), share: { set, index: 1 }, ...asked }, link);
  await shares['share.ask-token']({}, new Custodians());
  const taken = Promise.resolve(
    shares['share.from-token']({ index: 1, custodian: 'carol', ...given }, new Custodians()),
  );
  expect((await errorOf(taken)).message).toContain('not sealed for this exchange');
});
