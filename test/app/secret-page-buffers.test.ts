/** What a secret window keeps in buffers, and that every end zeroes them. */
import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import type { Dialogue } from '../../hsm/dialogue';
import { makeExchangeKeys } from '../../hsm/sealed-exchange';
import { MAX_BODY_BYTES } from '../../hsm/secret-port';
import { SecretExchange } from '../../src-renderer/secret/secret-exchange';
import { TypedBytes } from '../../src-renderer/secret/typed-bytes';
import { CONTEXT, EXCHANGE } from './secret-page/secret-page-app';

const SHOW: Dialogue = { kind: 'share-show', custodian: 'carol', set: '3f'.repeat(16), index: 2, of: 3, form: 'rows' };

const typed = (text: string, capacity = 64): TypedBytes => {
  const bytes = new TypedBytes(capacity);
  for (const character of text) bytes.append(character);
  return bytes;
};
const zeros = (length: number) => new Uint8Array(length);

/** An exchange whose question has come; `told`: how often main was told that it has finished. */
async function asked() {
  const { port1, port2 } = new MessageChannel();
  let told = 0;
  const exchange = new SecretExchange({
    context: () => Promise.resolve(CONTEXT),
    finished: () => {
      told += 1;
      return Promise.resolve(null);
    },
  });
  const heard: { kind: string; answer: string; key: Uint8Array; body: Uint8Array }[] = [];
  port1.on('message', (message: (typeof heard)[number]) => heard.push(message));
  // A port of Node does all that is asked of one here.
  const inbox = { accept: () => Promise.resolve(port2) };
  await exchange.begin(inbox as unknown as Parameters<SecretExchange['begin']>[0]);
  await expect.poll(() => heard.map(({ kind }) => kind)).toEqual(['hello']);
  const keys = await makeExchangeKeys('asker', EXCHANGE);
  const seal = await keys.agree(heard.shift()!.key);
  const body = await seal.close('question', new Uint8Array([1, 2, 3]));
  port1.postMessage({ kind: 'question', exchange: EXCHANGE, key: keys.publicKey, dialogue: SHOW, body });
  await expect.poll(() => exchange.stage().is).toBe('asked');
  return { exchange, worker: port1, seal, heard, told: () => told };
}

test('an answer is sent whole, and then nothing of question and answer is left', async () => {
  const { exchange, seal, heard, told } = await asked();
  const shown = exchange.shown;
  expect([...shown]).toEqual([1, 2, 3]);
  const pin = new Uint8Array([7, 8, 9, 10]);
  exchange.give(pin);
  expect(pin).toEqual(zeros(4));
  expect(shown).toEqual(zeros(3));
  expect(exchange.stage()).toMatchObject({ is: 'over', ending: 'given' });
  await expect.poll(() => heard.length).toBe(1);
  expect(heard[0]).toMatchObject({ answer: 'given' });
  expect(await seal.open('answer: given', heard[0]!.body)).toEqual(new Uint8Array([7, 8, 9, 10]));
  expect(told()).toBe(1);
});

test('an answer that is a view of something larger, or too long, is not sent, and zeroed', async () => {
  const { exchange, heard, worker } = await asked();
  const whole = new Uint8Array([1, 2, 3, 4]);
  expect(() => exchange.give(whole.subarray(0, 2))).toThrow(RangeError);
  expect([...whole]).toEqual([0, 0, 3, 4]);
  const long = new Uint8Array(MAX_BODY_BYTES + 1).fill(5);
  expect(() => exchange.give(long)).toThrow(RangeError);
  expect(long).toEqual(zeros(MAX_BODY_BYTES + 1));
  expect(heard).toEqual([]);
  worker.close();
});

test.each(['decline', 'leave'] as const)('%s zeroes what was to be shown, and is told once', async (how) => {
  const { exchange, told } = await asked();
  const shown = exchange.shown;
  exchange[how]();
  expect(shown).toEqual(zeros(3));
  exchange.give(new Uint8Array(1));
  exchange.decline();
  await expect.poll(told).toBe(1);
});

test('when whoever asked is gone, what was to be shown is zeroed', async () => {
  const { exchange, worker } = await asked();
  const shown = exchange.shown;
  worker.close();
  await expect.poll(() => exchange.stage()).toMatchObject({ is: 'over', ending: 'gone' });
  expect(shown).toEqual(zeros(3));
});

test('when main does not say what the window is for, nothing is asked', async () => {
  let told = 0;
  const exchange = new SecretExchange({
    context: () => Promise.reject(new Error('refused')),
    finished: () => {
      told += 1;
      return Promise.resolve(null);
    },
  });
  await exchange.begin({ accept: () => Promise.reject(new Error('asked for')) } as never);
  expect(exchange.stage()).toMatchObject({ is: 'over', context: null, ending: 'refused' });
  await expect.poll(() => told).toBe(1);
});

test('typed bytes are UTF-8; the last character is taken back whole', () => {
  const bytes = typed('aé☃😀');
  expect(Buffer.from(bytes.copy()).toString('utf8')).toBe('aé☃😀');
  expect(bytes.length).toBe(10);
  for (const rest of ['aé☃', 'aé', 'a', '', '']) {
    bytes.removeLast();
    expect(bytes.text()).toBe(rest);
  }
  expect(bytes.isEmpty).toBe(true);
});

test('what does not fit is dropped and known, until all is wiped', () => {
  const bytes = typed('abc☃', 4);
  expect([bytes.text(), bytes.overflown, bytes.isEmpty]).toEqual(['abc', true, false]);
  bytes.removeLast();
  expect(bytes.overflown).toBe(true);
  bytes.clear();
  expect([bytes.text(), bytes.overflown, bytes.isEmpty]).toEqual(['', false, true]);
  expect(() => new TypedBytes(0)).toThrow('capacity: expected 1 or more bytes, got 0');
});

test('a copy is a buffer of its own, of just its length', () => {
  const bytes = typed('1234');
  const copy = bytes.copy();
  expect(copy.buffer.byteLength).toBe(4);
  copy.fill(0);
  expect(bytes.text()).toBe('1234');
});

test('equal is what has the same bytes and length', () => {
  expect(typed('1234').equals(typed('1234'))).toBe(true);
  for (const other of ['1235', '123', '12345', '', '1234\0']) expect(typed('1234').equals(typed(other))).toBe(false);
  expect(typed('').equals(typed(''))).toBe(true);
  expect(typed('1', 4).equals(typed('1', 5))).toBe(false);
});
