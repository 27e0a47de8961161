/** The app's folder is complete, holds nothing else, and its windows ask for nothing from outside. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { completeAppFolder, completeTestApp } from '../../scripts/app-folder.mjs';
import { buildRenderer } from '../../scripts/renderer.mjs';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyrite-app-'));
  put(
    'package.json',
    '{"version":"9.8.7","description":"d","license":"L","dependencies":{"pkcs11js":"2.1.7","x":"1"}}',
  );
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function put(name: string, content: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content);
}
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
const files = (name: string): string[] =>
  readdirSync(join(folder, name), { recursive: true, encoding: 'utf8' })
    .filter((one) => statSync(join(folder, name, one)).isFile())
    .sort();

describe('the folder of the app', () => {
  const parts = [
    'LICENSE',
    'build/keyrite-native.node',
    'build/worker.cjs',
    'build/share-process.cjs',
    'build/key-file.cjs',
    'build/player.cjs',
    'examples/a.yaml',
    ...['package.json', 'index.js', 'LICENSE', 'build/Release/pkcs11.node'].map(
      (name) => `node_modules/pkcs11js/${name}`,
    ),
  ];
  const complete = [
    'LICENSE',
    'examples/a.yaml',
    'key-file.cjs',
    'keyrite-native.node',
    'main.cjs',
    'node_modules/pkcs11js/LICENSE',
    'node_modules/pkcs11js/build/Release/pkcs11.node',
    'node_modules/pkcs11js/index.js',
    'node_modules/pkcs11js/package.json',
    'package.json',
    'player.cjs',
    'renderer/index.html',
    'share-process.cjs',
    'worker.cjs',
  ];

  beforeEach(() => {
    for (const name of parts) put(name, `content of ${name}`);
    put('node_modules/pkcs11js/src/main.cpp', 'is not needed to run');
    put('build/app/main.cjs', 'main');
    put('build/app/renderer/index.html', 'page');
    put('build/app-for-tests/main.cjs', 'main for tests');
  });

  test('gets what is missing, once', () => {
    expect(completeAppFolder(folder)).toBe(true);
    expect(files('build/app')).toEqual(complete);
    expect(completeAppFolder(folder)).toBe(false);
    put('build/worker.cjs', 'a new worker');
    expect(completeAppFolder(folder)).toBe(true);
    expect(read('build/app/worker.cjs')).toBe('a new worker');
  });

  test('loses what earlier versions left there', () => {
    completeAppFolder(folder);
    put('build/app/examples/old.yaml', 'old');
    put('build/app/old.cjs', 'old');
    expect(completeAppFolder(folder)).toBe(true);
    expect(files('build/app')).toEqual(complete);
  });

  test('has a package.json of its own, which names what ships with it', () => {
    completeAppFolder(folder);
    expect(JSON.parse(read('build/app/package.json'))).toEqual({
      name: 'keyrite',
      productName: 'Keyrite',
      version: '9.8.7',
      description: 'd',
      license: 'L',
      private: true,
      author: 'Keyrite',
      main: 'main.cjs',
      dependencies: { pkcs11js: '2.1.7' },
    });
  });

  test('for tests differs in main alone', () => {
    completeAppFolder(folder);
    expect(completeTestApp(folder)).toBe(true);
    expect(completeTestApp(folder)).toBe(false);
    expect(files('build/app-for-tests')).toEqual(complete);
    const differ = complete.filter((name) => read(`build/app/${name}`) !== read(`build/app-for-tests/${name}`));
    expect(differ).toEqual(['main.cjs']);
  });

  test('a part that was not built is named', () => {
    rmSync(join(folder, 'build/player.cjs'));
    expect(() => completeAppFolder(folder)).toThrow('build/player.cjs is missing, so build/app is not complete');
  });
});

describe('the windows', () => {
  const said: string[] = [];
  const build = (): Promise<boolean> => buildRenderer(folder, (text) => said.push(text));

  beforeEach(() => {
    said.length = 0;
    for (const page of ['index', 'secret']) {
      const script = `<script type="module" src="./${page}.ts"></script>`;
      put(`src-renderer/${page}.html`, `<!doctype html><html lang="en"><head>${script}</head><body></body></html>`);
      put(`src-renderer/${page}.ts`, "import './style.css';\ndocument.title = KEYRITE_VERSION;\n");
    }
    put('src-renderer/style.css', 'b { background: url(./dot.png) }');
    put('src-renderer/dot.png', 'a small picture');
    for (const name of [
      'ipc/a.ts',
      'ceremony/a.ts',
      'hsm/dialogue.ts',
      'hsm/sealed-exchange.ts',
      'hsm/secret-port.ts',
      'package-lock.json',
      'scripts/renderer.mjs',
    ]) {
      put(name, '');
    }
  });

  test('are plain files: nothing inside a page, nothing inside a style sheet', async () => {
    expect(await build()).toBe(true);
    expect(files('build/app/renderer')).toEqual(
      expect.arrayContaining(['assets/dot.png', 'assets/index.js', 'assets/secret.js', 'index.html', 'secret.html']),
    );
    const page = read('build/app/renderer/index.html');
    expect(page).not.toMatch(/<script[^>]*>[^<]|<style|\son[a-z]+=|data:/);
    expect(page).toContain('src="/assets/index.js"');
    const styles = files('build/app/renderer').filter((name) => name.endsWith('.css'));
    expect(styles.map((name) => read(`build/app/renderer/${name}`)).join()).not.toContain('data:');
    expect(files('build/app/renderer').some((name) => name.endsWith('.map'))).toBe(false);
  });

  test('are left alone until a source or the result changes', async () => {
    await build();
    expect(await build()).toBe(false);
    put('ceremony/a.ts', '// a word more');
    expect(await build()).toBe(true);
    put('build/app/renderer/index.html', 'tampered with');
    expect(await build()).toBe(true);
    expect(read('build/app/renderer/index.html')).toContain('<!doctype html>');
    expect(await build()).toBe(false);
  });

  test.each([
    ['style.css', '@font-face { font-family: F; src: url("https://fonts.test/f.woff2") }'],
    ['style.css', '@import "//fonts.test/f.css";'],
    ['index.html', '<!doctype html><html><head><link rel="icon" href="https://icons.test/i.png"></head></html>'],
  ])('do not build when %s asks for something from outside', async (name, content) => {
    put(`src-renderer/${name}`, content);
    await expect(build()).rejects.toThrow(/asks for something from outside: .*\.test/);
    await expect(build()).rejects.toThrow();
  });

  test('a page that is missing, or a script that is broken, is named', async () => {
    put('src-renderer/index.ts', 'const = 1;');
    await expect(build()).rejects.toThrow('index.ts');
    rmSync(join(folder, 'src-renderer/secret.html'));
    await expect(build()).rejects.toThrow('src-renderer/secret.html does not exist');
  });
});
