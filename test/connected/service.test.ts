import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { encryptNonce, type KeyProtectFields } from '../../ceremony/keypackage/key-protect';
import { ConnectFailure } from '../../connected/failure';
import { aesCheckValue } from '../../connected/service/check-value';
import { FAULT_CODES } from '../../connected/service/fault';
import { startService } from '../../connected/service/server';
import { inMemory } from '../../connected/service/state-folder';
import { tokenPublicKey } from '../../connected/token-key';
import { member, pairsInTurn, signIn, startBench, type Bench, type Reply } from './bench';

const KEY_TYPE = 'application/vnd.ibm.kms.key+json';
const TOKEN = '/api/v2/import_token';
const KEYS = '/api/v2/keys';
const POLICY = '/api/v2/instance/policies?policy=keyCreateImportAccess';

let bench: Bench;
const seen = new Set<string>();

beforeAll(async () => {
  bench = await startBench();
});
beforeEach(() => {
  bench.keeper.state.keys.length = 0;
  bench.keeper.state.token = null;
  bench.keeper.state.policy.enabled = false;
});
afterAll(async () => {
  await bench.close();
});

async function ask(...args: Parameters<Bench['ask']>): Promise<Reply> {
  const reply = await bench.ask(...args);
  if (reply.code !== '') seen.add(reply.code);
  return reply;
}

interface Token {
  readonly spki: Uint8Array;
  readonly nonce: Uint8Array;
}

async function newToken(body: object = { expiration: 86_400, maxAllowedRetrievals: 5 }): Promise<Token> {
  expect((await ask('POST', TOKEN, body)).status).toBe(200);
  const { status, body: got } = await ask('GET', TOKEN);
  expect(status).toBe(200);
  const spki = tokenPublicKey(String(member(got, 'payload')));
  if (spki === null) throw new Error('no key in the token');
  return { spki, nonce: Buffer.from(String(member(got, 'nonce')), 'base64') };
}

function wrap(token: Token, key: Uint8Array, oaepHash = 'sha256'): KeyProtectFields {
  const iv = randomBytes(12);
  const publicKey = createPublicKey({ key: Buffer.from(token.spki), format: 'der', type: 'spki' });
  const payload = publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, key);
  const usable = [16, 24, 32].includes(key.length) ? key : Buffer.alloc(32);
  return {
    payload: payload.toString('base64'),
    iv: iv.toString('base64'),
    encryptedNonce: Buffer.from(encryptNonce(usable, token.nonce, iv)).toString('base64'),
    encryptionAlgorithm: 'RSAES_OAEP_SHA_256',
  };
}

function keyBody(more: object): object {
  return {
    metadata: { collectionType: KEY_TYPE, collectionTotal: 1 },
    resources: [{ type: KEY_TYPE, name: 'root-key', extractable: false, ...more }],
  };
}

function idOf(reply: Reply): string {
  return String(member(member(member(reply.body, 'resources'), '0'), 'id'));
}

describe('access', () => {
  test('an API key gives a bearer token for an hour', async () => {
    const { status, body } = await signIn(bench.service.url, bench.service.apiKey);
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3600 });
    const headers = { Authorization: `Bearer ${String(member(body, 'access_token'))}` };
    expect((await ask('GET', KEYS, undefined, headers)).status).toBe(200);
    bench.now += 3_600_000;
    expect((await ask('GET', KEYS, undefined, headers)).code).toBe('UNAUTHORIZED_ERR');
  });

  test('a wrong API key, grant, token or instance gives nothing', async () => {
    expect((await signIn(bench.service.url, 'wrong')).status).toBe(400);
    expect((await signIn(bench.service.url, bench.service.apiKey, 'password')).status).toBe(400);
    expect((await ask('GET', KEYS, undefined, { Authorization: 'Bearer x' })).status).toBe(401);
    expect((await ask('GET', KEYS, undefined, { 'Bluemix-Instance': 'other' })).status).toBe(401);
  });

  test('listens on loopback only', async () => {
    for (const host of ['0.0.0.0', '::', 'localhost', '192.0.2.1', '']) {
      const options = { host, port: 0, keeper: inMemory(), clock: Date.now, keys: pairsInTurn() };
      await expect(startService(options)).rejects.toThrow(ConnectFailure);
    }
  });
});

describe('import tokens', () => {
  test('a public RSA-4096 key in PEM, a nonce of 12 bytes, dates and retrievals', async () => {
    const made = await ask('POST', TOKEN, {});
    expect(made.body).toEqual({
      creationDate: new Date(bench.now).toISOString(),
      expirationDate: new Date(bench.now + 600_000).toISOString(),
      maxAllowedRetrievals: 1,
      remainingRetrievals: 1,
    });
    const { body } = await ask('GET', TOKEN);
    expect(member(body, 'remainingRetrievals')).toBe(0);
    const pem = Buffer.from(String(member(body, 'payload')), 'base64').toString();
    expect(pem).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    expect(createPublicKey(pem).asymmetricKeyDetails?.modulusLength).toBe(4096);
    expect(Buffer.from(String(member(body, 'nonce')), 'base64')).toHaveLength(12);
  });

  test('each retrieval counts, and the last one is the last', async () => {
    await newToken({ maxAllowedRetrievals: 2 });
    expect((await ask('GET', TOKEN)).status).toBe(200);
    expect((await ask('GET', TOKEN)).code).toBe('IMPORT_TOKEN_EXPIRED_ERR');
  });

  test('none, and none any more', async () => {
    expect(await ask('GET', TOKEN)).toMatchObject({ status: 404, code: 'IMPORT_TOKEN_NOT_FOUND_ERR' });
    await newToken({ expiration: 300 });
    bench.now += 300_000;
    expect(await ask('GET', TOKEN)).toMatchObject({ status: 409, code: 'IMPORT_TOKEN_EXPIRED_ERR' });
  });

  test.each([
    { expiration: 299 },
    { expiration: 86_401 },
    { maxAllowedRetrievals: 0 },
    { maxAllowedRetrievals: 501 },
    { life: 1 },
    [[]],
  ])('refuses %o', async (body) => {
    expect(await ask('POST', TOKEN, body)).toMatchObject({ status: 400, code: 'BAD_BODY_ERR' });
  });
});

describe('importing', () => {
  test.each([16, 24, 32])('really unwraps a key of %i bytes', async (length) => {
    const key = randomBytes(length);
    const reply = await ask('POST', KEYS, keyBody(wrap(await newToken(), key)));
    expect(reply.status).toBe(201);
    expect(member(member(reply.body, 'resources'), '0')).toMatchObject({
      name: 'root-key',
      state: 1,
      extractable: false,
      imported: true,
    });
    expect(JSON.stringify(reply.body)).not.toContain('payload');
    expect(bench.keeper.state.keys[0]?.versions[0]?.checkValue).toBe(aesCheckValue(key));
  });

  test('a token used up by retrievals still imports until it expires', async () => {
    const token = await newToken({ expiration: 300 });
    expect((await ask('POST', KEYS, keyBody(wrap(token, randomBytes(32))))).status).toBe(201);
    bench.now += 299_999;
    expect((await ask('POST', KEYS, keyBody(wrap(token, randomBytes(32))))).status).toBe(201);
    bench.now += 1;
    expect(await ask('POST', KEYS, keyBody(wrap(token, randomBytes(32))))).toMatchObject({
      status: 409,
      code: 'IMPORT_TOKEN_EXPIRED_ERR',
    });
  });

  test('a replaced token imports nothing', async () => {
    const old = await newToken();
    const present = await newToken();
    expect(await ask('POST', KEYS, keyBody(wrap(old, randomBytes(32))))).toMatchObject({
      status: 422,
      code: 'UNPROCESSABLE_CIPHERTEXT_ERR',
    });
    const oldNonce = wrap({ ...present, nonce: old.nonce }, randomBytes(32));
    expect(await ask('POST', KEYS, keyBody(oldNonce))).toMatchObject({ status: 400, code: 'INCORRECT_NONCE_ERR' });
    expect(bench.keeper.state.keys).toHaveLength(0);
  });

  test('OAEP with another hash', async () => {
    const fields = wrap(await newToken(), randomBytes(32), 'sha1');
    expect(await ask('POST', KEYS, keyBody(fields))).toMatchObject({
      status: 422,
      code: 'UNPROCESSABLE_CIPHERTEXT_ERR',
    });
  });

  test('a nonce under another key, or with another iv', async () => {
    const token = await newToken();
    const fields = wrap(token, randomBytes(32));
    const other = wrap(token, randomBytes(32));
    for (const wrong of [
      { ...fields, iv: other.iv },
      { ...fields, encryptedNonce: other.encryptedNonce, iv: other.iv },
      { ...fields, iv: 'AAAA' },
      { ...fields, encryptedNonce: 'AAAA' },
    ]) {
      expect(await ask('POST', KEYS, keyBody(wrong))).toMatchObject({ status: 400, code: 'INCORRECT_NONCE_IV_ERR' });
    }
  });

  test('a key of another length', async () => {
    const fields = wrap(await newToken(), randomBytes(20));
    expect(await ask('POST', KEYS, keyBody(fields))).toMatchObject({ status: 400, code: 'BAD_BODY_ERR' });
  });

  test('bodies that are not right', async () => {
    const fields = wrap(await newToken(), randomBytes(32));
    const { iv: _iv, ...withoutIv } = fields;
    const { payload: _payload, ...withoutPayload } = fields;
    const bad = [
      keyBody({ ...fields, extra: 1 }),
      keyBody(withoutIv),
      keyBody(withoutPayload),
      keyBody({ ...fields, name: 'x' }),
      keyBody({ ...fields, name: 'x'.repeat(91) }),
      keyBody({ ...fields, encryptionAlgorithm: 'RSAES_OAEP_SHA_1' }),
      keyBody({ ...fields, payload: `${fields.payload}\n` }),
      keyBody({ ...fields, extractable: true }),
      { resources: [] },
      'not json',
    ];
    for (const body of bad) expect(await ask('POST', KEYS, body)).toMatchObject({ status: 400, code: 'BAD_BODY_ERR' });
    expect(await ask('POST', KEYS, '')).toMatchObject({ status: 400, code: 'NO_BODY_ERR' });
    const one = { type: KEY_TYPE, name: 'root-key', extractable: false };
    const metadata = { collectionType: KEY_TYPE, collectionTotal: 2 };
    expect((await ask('POST', KEYS, { metadata, resources: [one] })).code).toBe('COLLECTION_TOTAL_MISMATCH_ERR');
    expect((await ask('POST', KEYS, { metadata, resources: [one, one] })).code).toBe('NUM_COLLECTION_RESOURCE_ERR');
    expect(await ask('POST', KEYS, keyBody({ extractable: true }))).toMatchObject({
      status: 403,
      code: 'FEATURE_RESTRICTED_ERR',
    });
    expect(bench.keeper.state.keys).toHaveLength(0);
  });

  test('a key without a token, and the policy that forbids it', async () => {
    const plain = keyBody({ payload: randomBytes(32).toString('base64') });
    expect((await ask('POST', KEYS, plain)).status).toBe(201);
    const policy = (attributes: object): object => ({
      metadata: { collectionType: 'application/vnd.ibm.kms.policy+json', collectionTotal: 1 },
      resources: [{ policy_type: 'keyCreateImportAccess', policy_data: { enabled: true, attributes } }],
    });
    expect((await ask('PUT', POLICY, policy({ enforce_token: true }))).status).toBe(204);
    expect(JSON.stringify((await ask('GET', POLICY)).body)).toContain('"enforce_token":true');
    expect(await ask('POST', KEYS, plain)).toMatchObject({ status: 409, code: 'KEY_CREATE_IMPORT_ACCESS_ERR' });
    expect((await ask('POST', KEYS, keyBody(wrap(await newToken(), randomBytes(32))))).status).toBe(201);
    expect((await ask('PUT', POLICY, policy({ import_root_key: false }))).status).toBe(204);
    expect((await ask('POST', KEYS, keyBody(wrap(await newToken(), randomBytes(32))))).code).toBe(
      'KEY_CREATE_IMPORT_ACCESS_ERR',
    );
  });
});

describe('keys', () => {
  test('are listed in pages, found by id and alias, with versions', async () => {
    const token = await newToken();
    const first = await ask(
      'POST',
      KEYS,
      keyBody({ ...wrap(token, randomBytes(32)), aliases: ['the-alias'], description: 'of a test' }),
    );
    await ask('POST', KEYS, keyBody({}));
    expect(member(member((await ask('GET', KEYS)).body, 'metadata'), 'collectionTotal')).toBe(2);
    expect(member((await ask('GET', `${KEYS}?limit=1&offset=1`)).body, 'resources')).toHaveLength(1);
    expect((await ask('GET', `${KEYS}?limit=0`)).status).toBe(400);
    const metadata = await ask('GET', `${KEYS}/the-alias/metadata`);
    expect(idOf(metadata)).toBe(idOf(first));
    expect(member(member(member(metadata.body, 'resources'), '0'), 'description')).toBe('of a test');
    expect(member((await ask('GET', `${KEYS}/${idOf(first)}/versions`)).body, 'resources')).toHaveLength(1);
    expect(await ask('GET', `${KEYS}/nothing/metadata`)).toMatchObject({ status: 404, code: 'KEY_NOT_FOUND_ERR' });
  });

  test('an answer of the least kind when asked for', async () => {
    const reply = await ask('POST', KEYS, keyBody({}), { Prefer: 'return=minimal' });
    expect(Object.keys(member(member(reply.body, 'resources'), '0') as object)).toEqual(['id']);
  });
});

describe('rotating', () => {
  test('an imported key takes new material, once an hour', async () => {
    const token = await newToken();
    const id = idOf(await ask('POST', KEYS, keyBody(wrap(token, randomBytes(32)))));
    const rotate = `${KEYS}/${id}/actions/rotate`;
    const second = randomBytes(32);
    expect((await ask('POST', rotate, wrap(token, second))).status).toBe(204);
    expect(bench.keeper.state.keys[0]?.versions.map((version) => version.checkValue)[1]).toBe(aesCheckValue(second));
    expect(await ask('POST', rotate, wrap(token, randomBytes(32)))).toMatchObject({
      status: 409,
      code: 'KEY_ROTATION_NOT_PERMITTED',
    });
    bench.now += 3_600_000;
    expect((await ask('POST', rotate, wrap(token, randomBytes(32)))).status).toBe(204);
    expect(member((await ask('GET', `${KEYS}/${id}/versions`)).body, 'resources')).toHaveLength(3);
  });

  test('an imported key needs material, a generated one takes none', async () => {
    const token = await newToken();
    const imported = idOf(await ask('POST', KEYS, keyBody(wrap(token, randomBytes(32)))));
    const generated = idOf(await ask('POST', KEYS, keyBody({})));
    expect(await ask('POST', `${KEYS}/${imported}/actions/rotate`)).toMatchObject({
      status: 400,
      code: 'KEY_PAYLOAD_REQ_ERR',
    });
    expect((await ask('POST', `${KEYS}/${generated}/actions/rotate`, wrap(token, randomBytes(32)))).code).toBe(
      'BAD_BODY_ERR',
    );
    expect((await ask('POST', `${KEYS}/${generated}/actions/rotate`)).status).toBe(204);
    expect(
      (await ask('POST', `${KEYS}/${imported}/actions/rotate`, { ...wrap(token, randomBytes(32)), name: 'x' })).code,
    ).toBe('BAD_BODY_ERR');
  });
});

describe('whatever comes in', () => {
  test('is answered with a refusal in the documented shape, never a fault of the service', async () => {
    await newToken();
    const path = fc.constantFrom(
      TOKEN,
      KEYS,
      POLICY,
      `${KEYS}/x/actions/rotate`,
      `${KEYS}/%ff/metadata`,
      '/identity/token',
      '/',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('POST', 'PUT'),
        path,
        fc.oneof(fc.json(), fc.string()),
        async (method, where, body) => {
          const reply = await ask(method, where, body);
          expect(reply.status).toBeLessThan(500);
        },
      ),
      { numRuns: 200 },
    );
    expect((await ask('POST', KEYS, 'x'.repeat(70_000))).code).toBe('BAD_BODY_ERR');
  });

  test('refusals have the shape that IBM documents', async () => {
    const { body } = await ask('GET', `${KEYS}/nothing/metadata`);
    expect(body).toEqual({
      metadata: { collectionType: 'application/vnd.ibm.kms.error+json', collectionTotal: 1 },
      resources: [
        {
          errorMsg: expect.stringMatching(/^Not Found: /) as string,
          reasons: [
            {
              code: 'KEY_NOT_FOUND_ERR',
              message: 'there is no such key',
              status: 404,
              moreInfo: expect.any(String) as string,
            },
          ],
        },
      ],
    });
  });

  test('every reason code of the service was seen in these tests', () => {
    expect(FAULT_CODES.filter((code) => !seen.has(code))).toEqual([]);
  });
});
