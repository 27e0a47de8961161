/** The window's side of the contract: what does not have its form is neither sent nor believed. */
import { describe, expect, test } from 'vitest';
import { MAIN_WINDOW } from '../../../ipc/contract';
import { type Bridge, RequestFailed } from '../../../ipc/define';
import { callerOf } from '../../../src-renderer/bridge';
import { view } from './views';

/** A bridge that answers everything alike, and keeps what it was asked and who listens. */
function bridgeThatAnswers(answer: unknown) {
  const asked: unknown[] = [];
  const listeners: ((payload: unknown) => void)[] = [];
  const bridge: Bridge = {
    ask: async (name, args) => {
      asked.push({ name, args });
      return answer;
    },
    listen: (_name, listener) => {
      listeners.push(listener);
      return () => listeners.splice(listeners.indexOf(listener), 1);
    },
  };
  return { asked, listeners, main: callerOf(MAIN_WINDOW, bridge) };
}

describe('a request', () => {
  test('goes out with its name and argument, and its result comes back', async () => {
    const { asked, main } = bridgeThatAnswers({ ok: true, value: true });
    expect(await main.invoke('verify.open-folder', { planHash: null })).toBe(true);
    expect(asked).toEqual([{ name: 'verify.open-folder', args: { planHash: null } }]);
  });

  test.each([
    ['a hash of the wrong length', { planHash: 'ab' }],
    ['a field too many', { planHash: null, more: 1 }],
  ])('with %s is not sent', async (_what, args) => {
    const { asked, main } = bridgeThatAnswers({ ok: true, value: true });
    await expect(main.invoke('verify.open-folder', args)).rejects.toBeInstanceOf(RequestFailed);
    expect(asked).toEqual([]);
  });

  test('that main could not do fails with main’s words', async () => {
    const trouble = { happened: 'The file is no plan.', changed: 'Nothing was changed.', next: 'Choose another.' };
    const { main } = bridgeThatAnswers({ ok: false, trouble });
    await expect(main.invoke('plan.open-file', {})).rejects.toMatchObject({ trouble });
  });

  test.each([
    ['no answer', undefined],
    ['an answer of no known form', { value: true }],
    ['a result of the wrong type', { ok: true, value: 'yes' }],
    ['a failure without words', { ok: false, trouble: {} }],
  ])('is not believed to be done on %s', async (_what, answer) => {
    const { main } = bridgeThatAnswers(answer);
    await expect(main.invoke('plan.open-file', {})).rejects.toMatchObject({
      trouble: { changed: 'It is not known whether anything was changed.' },
    });
  });
});

describe('a message of main', () => {
  test('reaches the listener when it has the contract’s form, and no other does', () => {
    const { listeners, main } = bridgeThatAnswers(null);
    const heard: unknown[] = [];
    const stop = main.on('view.changed', (payload) => heard.push(payload));
    const home = view({ kind: 'home' });
    for (const payload of [home, { ...home, more: 1 }, { ...home, busy: undefined }, null]) listeners[0]?.(payload);
    expect(heard).toEqual([home]);
    stop();
    expect(listeners).toEqual([]);
  });
});
