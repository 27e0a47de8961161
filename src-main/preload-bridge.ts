/** What a preload gives its page of Electron: asking and listening, by the names of its contract. Runs in the sandbox. */
import type { IpcRenderer, IpcRendererEvent } from 'electron';
import type { Bridge, Contract } from '../ipc/define';

/** Before the name of every channel, as main has it. */
const CHANNEL_PREFIX = 'keyrite:';

/**
 * The bridge for a contract. A name that the contract does not have never reaches Electron.
 *
 * @param ipc the preload's `ipcRenderer`, or a stand-in
 */
export function bridgeOf(contract: Contract, ipc: Pick<IpcRenderer, 'invoke' | 'on' | 'removeListener'>): Bridge {
  const channel = (name: unknown, kind: 'invoke' | 'notify'): string => {
    // SECURITY(K-53): with the raw object a page could use every channel, Electron's own ones too.
    if (typeof name === 'string' && Object.hasOwn(contract, name) && contract[name]?.kind === kind) {
      return CHANNEL_PREFIX + name;
    }
    throw new RangeError('name: expected one of the contract');
  };
  return {
    ask: async (name: unknown, args: unknown): Promise<unknown> => ipc.invoke(channel(name, 'invoke'), args),
    listen: (name: unknown, listener: unknown): (() => void) => {
      const on = channel(name, 'notify');
      if (typeof listener !== 'function') throw new TypeError('listener: expected a function');
      // The payload only: the event has the raw object in it.
      const pass = (_event: IpcRendererEvent, payload: unknown): void => {
        Reflect.apply(listener, undefined, [payload]);
      };
      ipc.on(on, pass);
      return () => {
        ipc.removeListener(on, pass);
      };
    },
  };
}
