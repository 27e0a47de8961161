/** The pinned Electron: fetched by its own program, for as long as bytes arrive; a failure is remembered for a day. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fetchPinnedElectron } from '../../scripts/setup/pinned-electron.mjs';

const INSTALL = `
const { mkdirSync, writeFileSync } = require('node:fs');
mkdirSync(__dirname + '/dist', { recursive: true });
writeFileSync(__dirname + '/dist/version', '45.4.1');
writeFileSync(__dirname + '/dist/electron', 'program');
`;

let folder = '';
const said: string[] = [];
const fetchIt = (options: { retry?: boolean; silenceMs?: number } = {}) =>
  fetchPinnedElectron(folder, (text) => said.push(text), { retry: false, ...options });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyrite-pinned-'));
  said.length = 0;
  mkdirSync(join(folder, 'node_modules/electron'), { recursive: true });
  writeFileSync(join(folder, 'node_modules/electron/package.json'), '{"version":"45.4.1"}');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function install(program: string): void {
  writeFileSync(join(folder, 'node_modules/electron/install.js'), program);
}

describe('the pinned Electron', () => {
  test('is fetched once, and used', async () => {
    install(INSTALL);
    const runtime = { kind: 'pinned', version: '45.4.1', folder: join(folder, 'node_modules/electron/dist') };
    expect(await fetchIt()).toEqual(runtime);
    install('throw new Error("fetched again");');
    expect(await fetchIt()).toEqual(runtime);
    expect(said).toEqual(['fetches Electron 45.4.1']);
  });

  test('is fetched again when somebody changed its program', async () => {
    install(INSTALL);
    await fetchIt();
    writeFileSync(join(folder, 'node_modules/electron/dist/electron'), 'changed');
    await fetchIt();
    expect(said).toEqual(['fetches Electron 45.4.1', 'fetches Electron 45.4.1']);
  });

  test('that can’t be had is said so, and tried again only when asked', async () => {
    install('console.error("fetch failed\\nstack"); process.exit(1);');
    expect(await fetchIt()).toBeNull();
    expect(said).toEqual([
      'fetches Electron 45.4.1',
      "Electron 45.4.1 can't be had here (fetch failed); it is tried again after a day",
    ]);
    install(INSTALL);
    said.length = 0;
    expect(await fetchIt()).toBeNull();
    expect(said).toEqual(['Electron 45.4.1 could not be had lately; npm start -- --fetch-electron tries again']);
    expect(await fetchIt({ retry: true })).toMatchObject({ kind: 'pinned' });
  });

  test('a failure older than a day does not count', async () => {
    install(INSTALL);
    mkdirSync(join(folder, 'build/runtime'), { recursive: true });
    writeFileSync(join(folder, 'build/runtime/electron-45.4.1.failed'), String(Date.now() - 25 * 60 * 60 * 1000));
    expect(await fetchIt()).toMatchObject({ kind: 'pinned' });
    expect(existsSync(join(folder, 'build/runtime/electron-45.4.1.failed'))).toBe(false);
  });

  test('is not waited for when nothing arrives, and leaves nothing behind', async () => {
    install('setInterval(() => undefined, 1000);');
    const begun = Date.now();
    expect(await fetchIt({ silenceMs: 300 })).toBeNull();
    expect(Date.now() - begun).toBeLessThan(10_000);
    expect(said[1]).toContain('nothing arrived for 0.3 s');
    expect(readdirSync(join(folder, 'build/runtime'))).toEqual(['electron-45.4.1.failed']);
  });

  test('is waited for as long as bytes arrive', async () => {
    install(`
      const { appendFileSync } = require('node:fs');
      let times = 0;
      const timer = setInterval(() => {
        appendFileSync(process.env.TMPDIR + '/part', 'bytes');
        if ((times += 1) < 10) return;
        clearInterval(timer);
        ${INSTALL}
      }, 150);
    `);
    expect(await fetchIt({ silenceMs: 800 })).toMatchObject({ kind: 'pinned' });
  });
});
