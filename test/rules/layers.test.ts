/** Each rule on who may import what bites, in every form an import can take; what the table allows passes. */
import { describe, expect, test } from 'vitest';
import { complaints } from './lint-text';

/** A file, what it imports, and what the linter says: null is nothing. */
type Case = readonly [file: string, specifier: string, says: string | null];

const VALUES: readonly Case[] = [
  ['ceremony/engine/x.ts', '../../hsm/contract', 'layer'],
  ['ceremony/engine/x.ts', '../../cli/keyrite', 'layer'],
  ['ceremony/engine/x.ts', '../../connected/upload', 'layer'],
  ['ceremony/engine/x.ts', '../../scripts/build.mjs', 'layer'],
  ['ceremony/engine/x.ts', '../plan/schema', null],
  ['ceremony/engine/x.ts', '/ceremony/plan/schema', 'layer'],
  ['ceremony/engine/x.ts', 'file:///ceremony/plan/schema', 'layer'],

  ['ceremony/keypackage/x.ts', '../engine/run', 'layer'],
  ['ceremony/keypackage/x.ts', '../command/apply', 'layer'],
  ['ceremony/keypackage/x.ts', '../command/dsse', null],
  ['ceremony/keypackage/x.ts', '../canonical-json', null],
  ['ceremony/keypackage/x.ts', './target', null],

  ['hsm/x.ts', '../cli/keyrite', 'layer'],
  ['hsm/x.ts', '../connected/upload', 'layer'],
  ['hsm/x.ts', '../ceremony/engine/run', 'typesOnly'],
  ['hsm/unit/x.ts', '../../ceremony/transcript/line', 'typesOnly'],
  ['hsm/x.ts', '../ceremony/canonical-json', null],
  ['hsm/x.ts', '../ceremony/check-value', null],
  ['hsm/x.ts', '../ceremony/text-forms', null],
  ['hsm/x.ts', '../ceremony/command/apply', null],
  ['hsm/x.ts', '../ceremony/keypackage/target', null],
  ['hsm/shares/x.ts', '../contract', null],

  ['hsm/x.ts', '../workstation/session', 'layer'],

  ['workstation/x.ts', '../cli/keyrite', 'layer'],
  ['workstation/x.ts', '../src-main/x', 'layer'],
  ['workstation/x.ts', '../connected/upload', 'layer'],
  ['workstation/rehearsal/x.ts', '../../hsm/client', null],
  ['workstation/x.ts', '../ceremony/engine/run', null],

  ['ipc/x.ts', '../src-main/x', 'layer'],
  ['ipc/x.ts', '../src-renderer/x', 'layer'],
  ['ipc/x.ts', '../workstation/explain', 'layer'],
  ['ipc/x.ts', '../hsm/contract', 'layer'],
  ['ipc/x.ts', '../hsm/dialogue', null],
  ['ipc/x.ts', '../ceremony/words', null],

  ['src-main/x.ts', '../cli/keyrite', 'layer'],
  ['src-main/x.ts', '../src-renderer/x', 'layer'],
  ['src-main/x.ts', '../connected/upload', 'layer'],
  ['src-main/x.ts', '../workstation/session', null],
  ['src-main/x.ts', '../ipc/contract', null],
  ['src-main/x.ts', '../hsm/client', null],

  ['src-renderer/x.tsx', '../src-main/x', 'layer'],
  ['src-renderer/x.tsx', '../workstation/explain', 'layer'],
  ['src-renderer/x.tsx', '../hsm/contract', 'layer'],
  ['src-renderer/x.tsx', '../hsm/dialogue', null],
  ['src-renderer/x.tsx', '../ceremony/plan/schema', 'typesOnly'],
  ['src-renderer/x.tsx', '../ceremony/words', null],
  ['src-renderer/secret/x.tsx', '../../ipc/contract', null],

  ['cli/x.ts', '../connected/upload', 'layer'],
  ['cli/x.ts', '../src-main/x', 'layer'],
  ['cli/x.ts', '../workstation/session', null],
  ['cli/x.ts', '../test/rules/lint-text', 'layer'],
  ['cli/x.ts', '../ceremony/engine/run', null],
  ['cli/person/x.ts', '../../hsm/client', null],

  ['connected/x.ts', '../ceremony/engine/run', 'layer'],
  ['connected/x.ts', '../ceremony/canonical-json', 'layer'],
  ['connected/x.ts', '../hsm/contract', 'layer'],
  ['connected/x.ts', '../cli/keyrite', 'layer'],
  ['connected/x.ts', '../ceremony/keypackage/target', null],

  ['scripts/x.mjs', '../cli/keyrite', 'layer'],
  ['test/rules/x.ts', '../../cli/keyrite', null],
];

const NODE: readonly Case[] = [
  ...['net', 'http', 'https', 'http2', 'dgram', 'tls', 'dns', 'undici', 'dns/promises', 'inspector/promises'].flatMap(
    (name): Case[] => [
      ['ceremony/x.ts', name, 'network'],
      ['hsm/x.ts', name, 'network'],
      ['cli/x.ts', name, 'network'],
      ['workstation/x.ts', name, 'network'],
      ['ipc/x.ts', name, 'network'],
      ['src-main/x.ts', name, 'network'],
      ['src-renderer/x.tsx', name, 'network'],
      ['scripts/x.mjs', name, 'network'],
      ['test/pkcs11/x.ts', name, 'network'],
    ],
  ),
  ...['net', 'http', 'https', 'http2', 'dgram', 'tls', 'dns', 'dns/promises'].flatMap((name): Case[] => [
    ['hsm/x.ts', `node:${name}`, 'network'],
    ['cli/x.ts', `node:${name}`, 'network'],
    ['ceremony/x.ts', `node:${name}`, 'network'],
    ['connected/x.ts', `node:${name}`, null],
    ['test/connected/x.ts', `node:${name}`, null],
  ]),
  ['cli/x.ts', '_http_client', 'network'],
  ['cli/x.ts', '_tls_wrap', 'network'],
  ...['fs', 'node:fs', 'node:fs/promises', 'child_process', 'node:child_process', 'node:os'].map((name): Case => [
    'ceremony/x.ts',
    name,
    'node',
  ]),
  ['ceremony/x.ts', 'node:crypto', null],
  ['hsm/x.ts', 'node:fs', null],
  ['hsm/x.ts', 'node:child_process', null],
  ['hsm/x.ts', 'node:module', 'node'],
  ['cli/x.ts', 'node:module', 'node'],
  ['cli/x.ts', 'node:process', 'node'],
  ['cli/x.ts', 'node:vm', 'node'],
  ['cli/x.ts', 'node:worker_threads', 'node'],
  ['cli/x.ts', 'node:readline/promises', null],
  ['workstation/x.ts', 'node:fs', null],
  ['workstation/x.ts', 'node:vm', 'node'],
  ['ipc/x.ts', 'node:crypto', 'node'],
  ['src-main/x.ts', 'node:fs', null],
  ['src-main/x.ts', 'node:worker_threads', 'node'],
  ['src-renderer/x.tsx', 'node:crypto', 'node'],
  ['src-renderer/x.tsx', 'fs', 'node'],
];

const PACKAGES: readonly Case[] = [
  ['hsm/pkcs11/module.ts', 'pkcs11js', null],
  ['hsm/worker.ts', 'pkcs11js', 'package'],
  ['hsm/unit/x.ts', 'pkcs11js', 'package'],
  ['cli/x.ts', 'pkcs11js', 'package'],
  ['ceremony/x.ts', 'pkcs11js', 'package'],
  ['test/pkcs11/x.ts', 'pkcs11js', 'package'],
  ['cli/x.ts', 'electron', 'package'],
  ['workstation/x.ts', 'electron', 'package'],
  ['hsm/x.ts', 'electron', 'package'],
  ['ipc/x.ts', 'electron', 'package'],
  ['src-renderer/x.tsx', 'electron', 'package'],
  ['src-main/x.ts', 'electron', null],
  ['src-main/x.ts', 'pkcs11js', 'package'],
  ['src-main/x.ts', 'react', 'package'],
  ['ipc/x.ts', 'react', 'package'],
  ['ipc/x.ts', 'valibot', null],
  ['src-renderer/x.tsx', 'react-dom/client', null],
  ['src-renderer/x.tsx', '@carbon/react', null],
  ['src-renderer/x.tsx', '@noble/ciphers/aes.js', 'package'],
  ['test/rules/x.ts', 'electron', 'package'],
  ['scripts/x.mjs', 'electron', 'package'],
  ['cli/x.ts', 'fast-check', 'package'],
  ['cli/x.ts', 'keyrite-connect', 'package'],
  ['connected/x.ts', 'yaml', 'package'],
  ['connected/x.ts', 'valibot', null],
  ['ceremony/x.ts', '@noble/ciphers/aes.js', null],
  ['hsm/shares/forms/x.ts', 'age-encryption', null],
  ['hsm/shares/x.ts', 'age-encryption', 'package'],
  ['workstation/x.ts', 'qr', 'package'],
  ['ceremony/x.ts', '@valibot/to-json-schema', 'package'],
  ['ceremony/plan/json-schema.ts', '@valibot/to-json-schema', null],
  ['ceremony/x.ts', 'yaml', null],
  ['ceremony/x.ts', 'valibot', null],
  ['test/rules/x.ts', 'fast-check', null],
];

describe('imports', () => {
  for (const [file, specifier, says] of [...VALUES, ...NODE, ...PACKAGES]) {
    test(`${file} may ${says === null ? '' : 'not '}import ${specifier}`, async () => {
      const found = await complaints(file, `import * as x from '${specifier}';\nexport const y = x;\n`);
      expect(found).toEqual(says === null ? [] : [`keyrite/layers:${says}`]);
    });
  }
});

describe('the forms of an import', () => {
  const FORMS: Readonly<Record<string, string>> = {
    'default import': "import x from 'net';\nexport const y = x;\n",
    'import for its effects': "import 'net';\n",
    'type import': "import type { Socket } from 'net';\nexport type Y = Socket;\n",
    'export from': "export { Socket } from 'net';\n",
    'export all': "export * from 'net';\n",
    'dynamic import': "export const y = import('net');\n",
    'dynamic import of a template': 'export const y = import(`net`);\n',
    require: "declare const require: (name: string) => unknown;\nexport const y = require('net');\n",
  };
  for (const [form, code] of Object.entries(FORMS)) {
    test(form, async () => {
      expect(await complaints('cli/x.ts', code)).toEqual(['keyrite/layers:network']);
    });
  }

  test('import of a type in the middle of a type', async () => {
    const found = await complaints('cli/x.ts', "export type Y = import('net').Socket;\n");
    expect(found).toContain('keyrite/layers:network');
  });

  test('import x = require', async () => {
    const found = await complaints('cli/x.ts', "import x = require('net');\nexport const y = x;\n");
    expect(found).toContain('keyrite/layers:network');
  });

  test('a module whose name is computed', async () => {
    const code = 'export const load = (name: string): Promise<unknown> => import(name);\n';
    expect(await complaints('cli/x.ts', code)).toEqual(['keyrite/layers:computed']);
    expect(await complaints('test/rules/x.ts', code)).toEqual([]);
  });

  test('process.getBuiltinModule', async () => {
    const dotted = "export const y = process.getBuiltinModule('net');\n";
    const bracketed = "export const y = process['getBuiltinModule']('net');\n";
    expect(await complaints('cli/x.ts', dotted)).toEqual(['keyrite/layers:hidden']);
    expect(await complaints('cli/x.ts', bracketed)).toContain('keyrite/layers:hidden');
  });
});

describe('types', () => {
  test('hsm may import any type of ceremony', async () => {
    const code = "import type { People } from '../ceremony/engine/ports';\nexport type Y = People;\n";
    expect(await complaints('hsm/x.ts', code)).toEqual([]);
  });

  test('a type marked inside the braces still loads the module', async () => {
    const code = "import { type People } from '../ceremony/engine/ports';\nexport type Y = People;\n";
    expect(await complaints('hsm/x.ts', code)).toContain('keyrite/layers:typesOnly');
  });

  test('ceremony may not import even a type of hsm', async () => {
    const code = "import type { Message } from '../hsm/contract';\nexport type Y = Message;\n";
    expect(await complaints('ceremony/x.ts', code)).toEqual(['keyrite/layers:layer']);
  });
});
