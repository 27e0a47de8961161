/** Sealed bodies of an exchange, in Node; in windows and utility processes by test/app/processes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeExchangeKeys, PUBLIC_KEY_BYTES, SEAL_BYTES, type Seal } from '../../hsm/sealed-exchange';

const EXCHANGE = '00112233445566778899aabbccddeeff';

async function ends(exchange = EXCHANGE): Promise<{ asker: Seal; person: Seal }> {
  const [asker, person] = [await makeExchangeKeys('asker', exchange), await makeExchangeKeys('person', exchange)];
  return { asker: await asker.agree(person.publicKey), person: await person.agree(asker.publicKey) };
}

test('what one end seals the other opens, and nothing of it stands in the sealed body', async () => {
  const bodies = fc.uint8Array({ minLength: 0, maxLength: 8192 });
  await fc.assert(
    fc.asyncProperty(bodies, bodies, async (shown, typed) => {
      const { asker, person } = await ends();
      const question = await asker.close('question', shown);
      expect(question).toHaveLength(shown.length + SEAL_BYTES);
      expect(await person.open('question', question)).toEqual(shown);
      const answer = await person.close('answer: given', typed);
      expect(await asker.open('answer: given', answer)).toEqual(typed);
      if (typed.length > 7) expect(Buffer.from(answer).includes(Buffer.from(typed))).toBe(false);
    }),
    { numRuns: 20 },
  );
});

test('the same body is sealed otherwise each time, by each end and in each exchange', async () => {
  const body = new Uint8Array(32);
  const { asker, person } = await ends();
  const other = await ends();
  const all = [
    await asker.close('question', body),
    await person.close('answer: given', body),
    await other.asker.close('question', body),
  ];
  expect(new Set(all.map((one) => Buffer.from(one).toString('hex'))).size).toBe(3);
});

test('a changed body, another word, an end’s own body and another exchange’s do not open', async () => {
  const { asker, person } = await ends();
  const answer = await person.close('answer: given', Uint8Array.from([1, 2, 3]));
  for (let at = 0; at < answer.length; at += 1) {
    const changed = answer.map((byte, index) => (index === at ? byte ^ 1 : byte));
    await expect(asker.open('answer: given', changed)).rejects.toThrow();
  }
  await expect(asker.open('answer: refused', answer)).rejects.toThrow();
  await expect(person.open('answer: given', answer)).rejects.toThrow();
  const other = await ends('f'.repeat(32));
  await expect(other.asker.open('answer: given', answer)).rejects.toThrow();
  expect(await asker.open('answer: given', answer)).toEqual(Uint8Array.from([1, 2, 3]));
});

test('the exchange’s id is part of the keys', async () => {
  const [asker, person] = [await makeExchangeKeys('asker', EXCHANGE), await makeExchangeKeys('person', 'f'.repeat(32))];
  const question = await (await asker.agree(person.publicKey)).close('question', new Uint8Array(1));
  await expect((await person.agree(asker.publicKey)).open('question', question)).rejects.toThrow();
});

test('an end seals one body and no other', async () => {
  const { asker } = await ends();
  await asker.close('question', new Uint8Array(1));
  await expect(asker.close('question', new Uint8Array(1))).rejects.toThrow('seal: expected one body, got another');
});

test('what is no point of the curve is not agreed with', async () => {
  const keys = await makeExchangeKeys('asker', EXCHANGE);
  expect(keys.publicKey).toHaveLength(PUBLIC_KEY_BYTES);
  for (const theirs of [new Uint8Array(PUBLIC_KEY_BYTES), new Uint8Array(PUBLIC_KEY_BYTES).fill(4), new Uint8Array(1)])
    await expect(keys.agree(theirs)).rejects.toThrow();
});

test('a body may be zeroed as soon as sealing it has begun', async () => {
  const { asker, person } = await ends();
  const body = Uint8Array.from([1, 2, 3]);
  const sealing = asker.close('question', body);
  body.fill(0);
  expect(await person.open('question', await sealing)).toEqual(Uint8Array.from([1, 2, 3]));
});
