/** Main's end of the contract, and the preload's, against windows and pages that do what they must not. */
import { EventEmitter } from 'node:events';
import type { BrowserWindow } from 'electron';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { DeviceError } from '../../ceremony/command/device-error';
import { MAIN_WINDOW, SECRET_WINDOW } from '../../ipc/contract';
import { Answer, RequestFailed, invoke, notify, type Handlers } from '../../ipc/define';
import { rememberPage } from '../../src-main/page-address';
import { isPlainDataWithin } from '../../src-main/plain-data';
import { bridgeOf } from '../../src-main/preload-bridge';
import { serveContract } from '../../src-main/serve-contract';
import { CeremonyEnded, UsageError } from '../../workstation/explain';

const CONTRACT = {
  'ask.name': invoke(v.strictObject({ name: v.pipe(v.string(), v.maxLength(10)) }), v.string()),
  'ask.nothing': invoke(v.strictObject({}), v.null()),
  told: notify(v.strictObject({ count: v.number() })),
};

/** A window as far as serveContract looks at one. */
function makeWindow() {
  const channels = new Map<string, (event: unknown, ...sent: unknown[]) => Promise<unknown>>();
  const sent: unknown[][] = [];
  const mainFrame = { url: 'keyrite://app/index.html', parent: null };
  const webContents = {
    mainFrame,
    ipc: {
      handle: (name: string, handler: (event: unknown, ...args: unknown[]) => Promise<unknown>) =>
        channels.set(name, handler),
    },
    send: (...args: unknown[]) => sent.push(args),
  };
  const window = { webContents, destroyed: false, isDestroyed: () => window.destroyed };
  const fake = window as unknown as BrowserWindow;
  rememberPage(fake, 'index.html');
  const ask = async (name: string, args: readonly unknown[], event: object = {}) =>
    v.parse(
      Answer,
      await channels.get(`keyrite:${name}`)!({ sender: webContents, senderFrame: mainFrame, ...event }, ...args),
    );
  return { window, fake, channels, sent, mainFrame, webContents, ask };
}

function serve(handlers: Partial<Handlers<typeof CONTRACT>> = {}) {
  const made = makeWindow();
  const calls: unknown[] = [];
  const teller = serveContract(made.fake, CONTRACT, {
    'ask.name': ({ name }) => {
      calls.push(name);
      return `Hello ${name}`;
    },
    'ask.nothing': () => {
      calls.push(null);
      return null;
    },
    ...handlers,
  });
  return { ...made, ...teller, calls };
}

const REFUSED = { ok: false, trouble: { happened: 'Keyrite refused a request that its window must not make' } };

describe('who asks', () => {
  test('the page itself is answered', async () => {
    expect(await serve().ask('ask.name', [{ name: 'Ada' }])).toEqual({ ok: true, value: 'Hello Ada' });
  });

  test('anybody else is refused before anything is looked at', async () => {
    const { ask, calls, mainFrame, window, webContents } = serve();
    const strangers = [
      { senderFrame: null },
      { senderFrame: { url: 'keyrite://app/index.html', parent: mainFrame } },
      { senderFrame: { ...mainFrame } },
      { sender: { ...webContents } },
      { sender: undefined, senderFrame: undefined },
    ];
    for (const event of strangers) expect(await ask('ask.name', [{ name: 'Ada' }], event)).toMatchObject(REFUSED);
    for (const url of [
      '',
      'about:blank',
      'keyrite://app/secret.html',
      'keyrite://app/index.html#x',
      'keyrite://app.x/index.html',
      'https://example.com/',
    ]) {
      mainFrame.url = url;
      expect(await ask('ask.name', [{ name: 'Ada' }]), url).toMatchObject(REFUSED);
    }
    mainFrame.url = 'keyrite://app/index.html';
    window.destroyed = true;
    expect(await ask('ask.name', [{ name: 'Ada' }])).toMatchObject(REFUSED);
    expect(calls).toEqual([]);
  });

  test('a window that was not opened by us is not served, nor one without all handlers', () => {
    const { fake } = makeWindow();
    const unknownWindow = {} as unknown as BrowserWindow;
    expect(() => serveContract(unknownWindow, CONTRACT, {} as never)).toThrow('openHardenedWindow');
    expect(() => serveContract(fake, CONTRACT, {} as never)).toThrow('handlers: expected one for ask.name');
  });

  test('more requests at once than people make are refused, and then answered again', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const { ask } = serve({ 'ask.nothing': () => gate.then(() => null) });
    const many = Array.from({ length: 100 }, () => ask('ask.nothing', [{}]));
    release();
    const answers = await Promise.all(many);
    expect(answers.filter(({ ok }) => ok)).toHaveLength(64);
    expect(await ask('ask.nothing', [{}])).toMatchObject({ ok: true });
  });
});

const cyclic: Record<string, unknown> = {};
cyclic['self'] = cyclic;
const deep = Array.from({ length: 100_000 }).reduce<unknown>((inner) => [inner], 'x');
const withProto = JSON.parse('{"__proto__": {"name": "Ada"}}') as unknown;
class Named {
  name = 'Ada';
}

/** What no contract takes, by what it is. */
const HOSTILE: readonly (readonly [string, ...unknown[]])[] = [
  ['nothing at all'],
  ['two arguments', {}, {}],
  ['undefined', undefined],
  ['null', null],
  ['a number', 1],
  ['NaN', NaN],
  ['a bigint', 10n],
  ['text', 'x'],
  ['long text', 'x'.repeat(1_000_000)],
  ['a list', []],
  ['a list with four thousand million holes', new Array(2 ** 32 - 1)],
  ['a date', new Date(0)],
  ['a map', new Map([['name', 'Ada']])],
  ['bytes', new Uint8Array(10)],
  ['a regular expression', /x/],
  ['an error', new Error('x')],
  ['an object with a class', new Named()],
  ['an object without a prototype', Object.create(null)],
  ['an object that refers to itself', cyclic],
  ['something very deep', deep],
  ['something very wide', Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`k${String(at)}`, at]))],
  ['an own __proto__', withProto],
  ['constructor and prototype', { constructor: { prototype: { polluted: true } } }],
  ['an unknown key', { unexpected: 1 }],
];

describe('what is asked', () => {
  test.each(HOSTILE)(
    '%s is refused on every channel of both contracts, and no handler is called',
    async (_what, ...args) => {
      for (const contract of [MAIN_WINDOW, SECRET_WINDOW]) {
        const made = makeWindow();
        const calls: string[] = [];
        const names = Object.entries(contract)
          .filter(([, { kind }]) => kind === 'invoke')
          .map(([name]) => name);
        const handlers = Object.fromEntries(names.map((name) => [name, () => calls.push(name)]));
        serveContract(made.fake, contract, handlers as never);
        expect(made.channels.size).toBe(names.length);
        for (const name of names) expect(await made.ask(name, args), name).toMatchObject(REFUSED);
        expect(calls).toEqual([]);
      }
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    },
  );

  test('a value of the wrong form', async () => {
    const { ask, calls } = serve();
    for (const args of [{ name: 1 }, { name: 'longer than ten' }, {}, { name: 'Ada', more: 1 }]) {
      expect(await ask('ask.name', [args])).toMatchObject(REFUSED);
    }
    expect(calls).toEqual([]);
  });

  test('the bound counts text, names, values and holes', () => {
    expect(isPlainDataWithin({ a: ['x', 1, true, null, undefined] }, 1000)).toBe(true);
    expect(isPlainDataWithin('x'.repeat(100), 207)).toBe(false);
    expect(isPlainDataWithin('x'.repeat(100), 208)).toBe(true);
    expect(isPlainDataWithin({ ['x'.repeat(100)]: 1 }, 215)).toBe(false);
    expect(isPlainDataWithin(new Array(100), 500)).toBe(false);
    expect(isPlainDataWithin(Object.assign([], { hidden: 'x'.repeat(1000) }), 500)).toBe(false);
    expect(isPlainDataWithin(() => 1, 500)).toBe(false);
    expect(isPlainDataWithin(Symbol('x'), 500)).toBe(false);
  });
});

describe('what comes back', () => {
  test('a result of the wrong form is a fault of ours, told without its text', async () => {
    const { ask } = serve({ 'ask.name': () => ({ pin: '271828' }) as never });
    const answer = await ask('ask.name', [{ name: 'Ada' }]);
    expect(answer).toMatchObject({ ok: false, trouble: { happened: 'A fault in Keyrite (ValiError)' } });
    expect(JSON.stringify(answer)).not.toContain('271828');
  });

  test.each([
    ['an error', new Error('the PIN is 271828'), 'A fault in Keyrite (Error)'],
    [
      'an error inside the end of a ceremony',
      new CeremonyEnded(new TypeError('271828'), 'Go on'),
      'A fault in Keyrite (CeremonyEnded)',
    ],
    ['no error at all', '271828', 'A fault in Keyrite (no error object)'],
    [
      'an error with a telling class',
      Object.assign(new (class X271828 extends Error {})('x')),
      'A fault in Keyrite (no error object)',
    ],
  ])('%s passes neither text nor stack', async (_what, error, happened) => {
    const { ask } = serve({ 'ask.nothing': () => Promise.reject(error as Error) });
    const answer = await ask('ask.nothing', [{}]);
    expect(answer).toMatchObject({ ok: false, trouble: { happened } });
    expect(JSON.stringify(answer)).not.toMatch(/271828|\.ts:/);
  });

  test('errors that people are meant to read arrive whole', async () => {
    const trouble = { happened: 'a', changed: 'b', next: 'c' };
    const gone = {
      code: 'TOKEN_GONE',
      message: 'the token is gone',
      changed: 'Nothing was changed.',
      next: 'Put it back.',
    };
    for (const [error, expected] of [
      [new RequestFailed(trouble), trouble],
      [
        new DeviceError({ ...gone, uncertain: false }),
        { happened: gone.message, changed: gone.changed, next: gone.next },
      ],
      [
        new UsageError('no such plan', 'Name another.'),
        { happened: 'no such plan', changed: '', next: 'Name another.' },
      ],
    ] as const) {
      const { ask } = serve({ 'ask.nothing': () => Promise.reject(error) });
      expect(await ask('ask.nothing', [{}])).toEqual({ ok: false, trouble: expected });
    }
    const { ask } = serve({ 'ask.nothing': () => Promise.reject(new UsageError('x'.repeat(50_000), '')) });
    const answer = await ask('ask.nothing', [{}]);
    expect(answer.ok ? '' : answer.trouble.happened).toHaveLength(10_000);
  });
});

describe('what main tells', () => {
  test('goes to the page as the contract has it, and to nobody else', () => {
    const { tell, sent, mainFrame, window } = serve();
    tell('told', { count: 1 });
    expect(sent).toEqual([['keyrite:told', { count: 1 }]]);
    mainFrame.url = 'about:blank';
    tell('told', { count: 2 });
    mainFrame.url = 'keyrite://app/index.html';
    window.destroyed = true;
    tell('told', { count: 3 });
    expect(sent).toHaveLength(1);
  });

  test('what is not of the contract is a fault of ours', () => {
    const { tell, sent } = serve();
    expect(() => tell('told', { count: 'x' } as never)).toThrow(
      'told: expected what the contract says, got otherwise at count',
    );
    for (const name of ['ask.name', 'toString', '__proto__', 'nothing']) {
      expect(() => tell(name as 'told', { count: 1 }), name).toThrow('expected a message of the contract');
    }
    expect(sent).toEqual([]);
  });
});

describe("the preload's bridge", () => {
  const makeBridge = () => {
    const ipc = new EventEmitter();
    const asked: unknown[][] = [];
    const full = Object.assign(ipc, { invoke: (...args: unknown[]) => Promise.resolve(asked.push(args)) });
    return { ipc, asked, bridge: bridgeOf(CONTRACT, full as never) };
  };

  test('is two functions', () => {
    expect(Object.keys(makeBridge().bridge).sort()).toEqual(['ask', 'listen']);
  });

  test('asks and listens by the names of the contract, the payload alone', async () => {
    const { bridge, ipc, asked } = makeBridge();
    await bridge.ask('ask.name', { name: 'Ada' });
    expect(asked).toEqual([['keyrite:ask.name', { name: 'Ada' }]]);
    const heard: unknown[][] = [];
    const stop = bridge.listen('told', (...args) => heard.push(args));
    ipc.emit('keyrite:told', { sender: 'the raw object' }, { count: 1 }, 'more');
    stop();
    ipc.emit('keyrite:told', {}, { count: 2 });
    expect(heard).toEqual([[{ count: 1 }]]);
  });

  test.each([
    'told',
    'nothing',
    'ELECTRON_BROWSER_REQUIRE',
    '__proto__',
    'constructor',
    'toString',
    '',
    1,
    null,
    ['ask.name'],
  ])('does not ask %j', async (name) => {
    const { bridge, asked } = makeBridge();
    await expect(bridge.ask(name as string, {})).rejects.toThrow('expected one of the contract');
    expect(asked).toEqual([]);
  });

  test.each(['ask.name', 'nothing', 'toString', 1])('does not listen to %j', (name) => {
    const { bridge, ipc } = makeBridge();
    expect(() => bridge.listen(name as string, () => undefined)).toThrow('expected one of the contract');
    expect(() => bridge.listen('told', 'text' as never)).toThrow('listener: expected a function');
    expect(ipc.eventNames()).toEqual([]);
  });
});
