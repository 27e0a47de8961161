/** Whether a person who comes to a secret window is called to the keyboard, or is taken to sit there still. */
import type { BrowserWindow, MessagePortMain } from 'electron';
import { expect, test } from 'vitest';
import { addressOf, rememberPage } from '../../../src-main/page-address';
import { SecretDesk, type DeskContext } from '../../../src-main/processes/secret-desk';

const STEP: DeskContext = {
  names: { carol: 'Carol' },
  units: {},
  title: 'First ceremony',
  step: 'Step 9 of 20',
  doing: 'Carol copies share 1',
  mode: 'production',
  endOfLifeRuntime: false,
};

type Asked = (event: unknown, args: unknown) => Promise<{ value?: { stillSeated: boolean } }>;

/** A desk whose windows are hollow; `told` resolves with what each was told, in order. */
function hollowDesk(): { readonly desk: SecretDesk; readonly told: () => Promise<(boolean | undefined)[]> } {
  const windows: (() => ReturnType<Asked>)[] = [];
  const openWindow = (): BrowserWindow => {
    const handlers: Record<string, Asked> = {};
    const frame = { url: addressOf('secret.html'), parent: null };
    const webContents = {
      ipc: { handle: (name: string, handler: Asked) => (handlers[name] = handler) },
      on: () => undefined,
      getOSProcessId: () => 0,
      mainFrame: frame,
      postMessage: () => undefined,
    };
    const nothing = (): undefined => undefined;
    const window = { webContents, isDestroyed: () => false, destroy: nothing, on: nothing, show: nothing };
    const hollow = window as unknown as BrowserWindow;
    rememberPage(hollow, 'secret.html');
    windows.push(() => handlers['keyrite:secret.context']!({ sender: webContents, senderFrame: frame }, {}));
    return hollow;
  };
  const desk = new SecretDesk({ openWindow, onEmpty: () => undefined });
  desk.describe(STEP);
  return {
    desk,
    told: async () => (await Promise.all(windows.map((ask) => ask()))).map((one) => one.value?.stillSeated),
  };
}

/** `meanwhile`: happens while the window is open. */
async function visit(
  desk: SecretDesk,
  exchange: string,
  kind: 'share-show' | 'share-enter',
  meanwhile = (): void => undefined,
): Promise<void> {
  const nothing = (): undefined => undefined;
  const of = { custodian: 'carol', set: '00'.repeat(16), index: 1, of: 3, form: 'rows' } as const;
  desk.receive({
    dialogue: kind === 'share-show' ? { kind, ...of } : { kind, ...of, refused: null },
    exchange,
    port: { close: nothing } as unknown as MessagePortMain,
    onOpen: nothing,
    onClose: nothing,
    onLost: nothing,
  });
  meanwhile();
  await desk.dismiss(exchange);
}

test('one window after the other: the same person sits there still', async () => {
  const { desk, told } = hollowDesk();
  await visit(desk, '1'.repeat(32), 'share-show');
  await visit(desk, '2'.repeat(32), 'share-enter');
  expect(await told()).toEqual([false, true]);
});

test('once somebody was at the main window while a window was open, the person is called again', async () => {
  const { desk, told } = hollowDesk();
  await visit(desk, '1'.repeat(32), 'share-enter', () => {
    desk.emptySeat();
  });
  await visit(desk, '2'.repeat(32), 'share-show');
  await visit(desk, '3'.repeat(32), 'share-show');
  expect(await told()).toEqual([false, false, true]);
});

test('once somebody was at the main window in between, the person is called again', async () => {
  const { desk, told } = hollowDesk();
  await visit(desk, '1'.repeat(32), 'share-enter');
  desk.emptySeat();
  await visit(desk, '2'.repeat(32), 'share-show');
  expect(await told()).toEqual([false, false]);
});
