/** Workers as utility processes of the development runtime, as the app starts them. */
import { chmodSync, chownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Module } from '../../../ceremony/plan/binding-schema';
import { enterStore } from '../../../workstation/rehearsal/opencryptoki-store';
import type { TrialStage } from '../processes/trial-app';
import { playerFile, type Workplace } from '../../unit/suite/workplace';

/** An app of its own for one room: opencryptoki's token is seen from one namespace only. */
export async function electronWorkplace(
  stage: TrialStage,
  room: string,
  make: (room: string) => Module,
): Promise<Workplace> {
  const { user } = stage.stage;
  const giveRoom = (): void => {
    if (user === null) return;
    for (const name of ['', ...readdirSync(room, { recursive: true, encoding: 'utf8' })]) {
      chownSync(join(room, name), user.uid, user.gid);
    }
  };
  const module = make(room);
  chmodSync(room, 0o755);
  giveRoom();
  const entering = enterStore(room, module);
  const through = entering.length === 0 ? [] : [...DAEMON_SAYS_NOTHING, ...entering, ...STAY];
  const app = await stage.start(through);
  let started = 0;
  return {
    room,
    module,
    worker: async () => {
      started += 1;
      const name = `worker ${String(started)}`;
      await app.do('begin', { ceremony: `suite-${String(started)}`, playerFile: playerFile(room), played: PEOPLE });
      await app.do('start', { name, module });
      return {
        call: (operation, args) => app.call(name, operation, args),
        stop: async () => {
          await app.do('stop', { name });
        },
      };
    },
    beside: () => (through.length === 0 ? [] : ['nsenter', '-t', String(app.pid), '-m', '-i', '--']),
    giveRoom,
    close: () => app.close(),
  };
}

/** What opencryptoki's daemon prints does not come among the app's answers. */
const DAEMON_SAYS_NOTHING = ['/bin/sh', '-c', 'exec 5>&1 >/dev/null; exec "$@"', 'sh'] as const;
/** A shell that stays: the app takes every child of its own process for one of its own, and the daemon is root's. */
const STAY = ['/bin/sh', '-c', '"$@" >&5; exit $?', 'sh'] as const;

/** Who holds PINs in the suite. */
const PEOPLE = ['anna', 'bert', 'carl'];
