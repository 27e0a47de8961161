/** The packaged app under strace, through a whole ceremony with a person at secret windows: it connects to no network. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Place } from './driver/app-under-test';
import { People } from './driver/secret-window';

/** A line of strace's for a socket call that names an address. */
const ADDRESS = /sa_family=(AF_\w+)/;

/** strace itself gives up now and then, when a process ends just as it is stopped; that says nothing of the app. */
const STRACE_GAVE_UP = 'strace: ptrace(';
const TRIES = 4;
/** For each try, in milliseconds. */
const PATIENCE_MS = 240_000;

test(
  'no process of the app connects or sends to an AF_INET or AF_INET6 address, from start to bundle to end',
  async () => {
    for (let left = TRIES - 1; ; left -= 1) {
      try {
        const over = new AbortController();
        const late = sleep(PATIENCE_MS, null, { signal: over.signal }).then(
          () => {
            throw new Error('the traced ceremony does not end');
          },
          () => undefined,
        );
        await Promise.race([traceOneCeremony(), late]).finally(() => {
          over.abort();
        });
        return;
      } catch (error) {
        if (left === 0 || !String(error).includes(STRACE_GAVE_UP)) throw error;
      }
    }
  },
  TRIES * PATIENCE_MS,
);

async function traceOneCeremony(): Promise<void> {
  let trace = '';
  const place = await Place.open({
    through: (launcher, folder) => {
      trace = join(folder, '..', `${folder.split('/').at(-1) ?? ''}.strace`);
      const script = `${trace}.sh`;
      writeFileSync(
        script,
        `#!/bin/sh\nexec strace -f -qq --seccomp-bpf -e trace=connect,sendto,sendmsg,sendmmsg,bind,socket -o '${trace}' '${launcher}' "$@"\n`,
      );
      chmodSync(script, 0o755);
      return script;
    },
  });
  try {
    const app = await place.start();
    const { main } = app;
    const people = new People();
    await main.bindRehearsal(/^Review this example: First ceremony/, ['Carol']);
    await people.answer(await app.secretWindow());
    await main.beginCeremony();
    for (;;) {
      const task = await main.nextTask(app.served(people));
      if (task === 'closed') break;
      if (task === 'confirm') await main.confirm();
      else await main.begin();
    }
    const kinds = new Set(people.asked.map(({ heading }) => /^\S+/.exec(heading)?.[0]));
    expect([...kinds].sort()).toEqual(['Enter', 'Make', 'Type', 'Your']);
    expect(place.ceremonies()).toHaveLength(1);
    await app.close();
    const lines = readFileSync(trace, 'utf8').split('\n');
    const to = lines.flatMap((line) => {
      const family = /\b(?:connect|sendto|sendmsg|sendmmsg)\(/.test(line) ? ADDRESS.exec(line)?.[1] : undefined;
      return family === undefined ? [] : [{ family, line }];
    });
    // The display's socket is seen, and by many processes: the trace sees what there is to see.
    expect(new Set(lines.map((line) => line.split(' ')[0])).size).toBeGreaterThan(20);
    expect(to.filter(({ family }) => family === 'AF_UNIX').length).toBeGreaterThan(0);
    expect(to.filter(({ family }) => family.startsWith('AF_INET')).map(({ line }) => line)).toEqual([]);
  } finally {
    await place.close();
  }
}
