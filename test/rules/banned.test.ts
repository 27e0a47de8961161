/** Each rule on what code may say bites, in the layer where it holds. */
import { describe, expect, test } from 'vitest';
import { complaints, typedComplaints } from './lint-text';

describe('globals that open connections', () => {
  for (const name of ['fetch', 'WebSocket', 'XMLHttpRequest', 'EventSource']) {
    for (const [form, code] of [
      ['', `export const y: unknown = ${name};\n`],
      ['globalThis.', `export const y: unknown = globalThis.${name};\n`],
    ] as const) {
      test(`${form}${name} only in connected/`, async () => {
        for (const file of ['ceremony/x.ts', 'hsm/x.ts', 'cli/x.ts', 'test/pkcs11/x.ts', 'scripts/x.mjs']) {
          const source = file.endsWith('.mjs') ? code.replace(': unknown', '') : code;
          expect(await complaints(file, source), file).toEqual(['no-restricted-globals']);
        }
        expect(await complaints('connected/x.ts', code)).toEqual([]);
        expect(await complaints('test/connected/x.ts', code)).toEqual([]);
      });
    }
  }

  test('a name of ours that sounds the same is nobody’s business', async () => {
    expect(await complaints('cli/x.ts', 'export const y = (fetch: () => number): number => fetch();\n')).toEqual([]);
  });
});

describe('console', () => {
  const code = "console.log('x');\n";
  test.each(['ceremony/x.ts', 'hsm/worker.ts'])('is banned in %s', async (file) => {
    expect(await complaints(file, code)).toEqual(['no-console']);
  });
  test.each(['cli/x.ts', 'connected/x.ts', 'scripts/x.mjs'])('is allowed in %s', async (file) => {
    expect(await complaints(file, code)).toEqual([]);
  });
});

describe('process.exit', () => {
  const code = 'process.exit(1);\n';
  test.each([
    'ceremony/x.ts',
    'hsm/unit/x.ts',
    'hsm/client.ts',
    'cli/run.ts',
    'cli/person/prompt.ts',
    'connected/upload.ts',
  ])('is banned in %s', async (file) => {
    expect(await complaints(file, code)).toEqual(['no-restricted-properties']);
  });
  test.each([
    'cli/keyrite.ts',
    'cli/person/process.ts',
    'hsm/worker.ts',
    'hsm/shares/process.ts',
    'hsm/node-port.ts',
    'connected/keyrite-connect.ts',
    'test/rules/x.ts',
    'scripts/x.mjs',
  ])('is allowed in %s', async (file) => {
    expect(await complaints(file, code)).toEqual([]);
  });
});

describe('functions that are unsafe here', () => {
  test.each(['Math.random()', 'Buffer.allocUnsafe(1)', 'Buffer.allocUnsafeSlow(1)'])('%s', async (call) => {
    const code = `export const y = ${call};\n`;
    expect(await complaints('hsm/x.ts', code)).toEqual(['no-restricted-properties']);
    expect(await complaints('hsm/worker.ts', code)).toEqual(['no-restricted-properties']);
  });

  test('native code is loaded in one file', async () => {
    const code = "process.dlopen({ exports: {} }, '/x.node');\n";
    for (const file of ['hsm/x.ts', 'hsm/native/x.ts', 'hsm/worker.ts', 'cli/x.ts', 'src-main/x.ts', 'test/x.ts']) {
      expect(await complaints(file, code), file).toEqual(['no-restricted-properties']);
    }
    expect(await complaints('hsm/native/companion.ts', code)).toEqual([]);
  });

  test('Buffer.alloc passes', async () => {
    expect(await complaints('hsm/x.ts', 'export const y = Buffer.alloc(1);\n')).toEqual([]);
  });

  test.each(['view.printToPDF()', "view['printToPDF']()"])('%s', async (call) => {
    const code = `declare const view: Record<string, () => unknown>;\nexport const y = ${call};\n`;
    expect(await complaints('cli/x.ts', code)).toContain('no-restricted-syntax');
    expect(await complaints('test/rules/x.ts', code)).toContain('no-restricted-syntax');
  });
});

describe('tests that would not run', () => {
  test.each([
    "test.only('x', () => {});",
    "it.skip('x', () => {});",
    "describe.skip('x', () => {});",
    "test.todo('x');",
    "test.concurrent.only('x', () => {});",
    "test.skip.each([1])('x', () => {});",
    "test('x', { skip: true }, () => {});",
    "test('x', (context) => { context.skip(); });",
  ])('%s', async (code) => {
    const source = `import { describe, it, test } from 'vitest';\nexport const all = [describe, it, test];\n${code}\n`;
    expect(await complaints('test/rules/x.test.ts', source)).toContain('no-restricted-syntax');
  });

  test('a test that runs passes', async () => {
    const source = "import { expect, test } from 'vitest';\ntest('x', () => {\n  expect(1).toBe(1);\n});\n";
    expect(await complaints('test/rules/x.test.ts', source)).toEqual([]);
  });
});

describe('file names that say nothing', () => {
  test.each([
    'ceremony/utils.ts',
    'hsm/util.ts',
    'cli/string-helpers.ts',
    'cli/helper.ts',
    'ceremony/misc/x.ts',
    'connected/common.ts',
    'test/common-setup.ts',
    'scripts/build-utils.mjs',
    'test/helpers/x.ts',
  ])('%s', async (file) => {
    expect(await complaints(file, 'export const y = 1;\n')).toEqual(['keyrite/file-name']);
  });

  test.each(['ceremony/text-forms.ts', 'hsm/unit/commonality.ts', 'cli/futility.ts'])('%s passes', async (file) => {
    expect(await complaints(file, 'export const y = 1;\n')).toEqual([]);
  });
});

describe('comments that silence the compiler or the linter', () => {
  test.each(['// @ts-ignore', '// @ts-ignore because', '// @ts-nocheck', '// @ts-expect-error'])(
    '%s',
    async (comment) => {
      expect(await complaints('cli/x.ts', `${comment}\nexport const y = 1;\n`)).toContain(
        '@typescript-eslint/ban-ts-comment',
      );
    },
  );

  test('an expected error with its reason passes', async () => {
    const code = '// @ts-expect-error the test hands over the wrong type\nexport const y: string = 1;\n';
    expect(await complaints('test/rules/x.ts', code)).toEqual([]);
  });
});

describe('rules that need types', () => {
  const CASES: readonly (readonly [rule: string, code: string])[] = [
    ['@typescript-eslint/no-floating-promises', 'export function y(): void {\n  Promise.resolve();\n}\n'],
    [
      '@typescript-eslint/switch-exhaustiveness-check',
      "export function y(x: 'a' | 'b'): void {\n  switch (x) {\n    case 'a':\n      return;\n  }\n}\n",
    ],
    ['@typescript-eslint/no-explicit-any', 'export const y = (x: any): unknown => x;\n'],
    ['@typescript-eslint/no-unsafe-return', "export const y = (): number => JSON.parse('1');\n"],
    ['@typescript-eslint/no-misused-promises', 'export const y = [1].filter(async () => true);\n'],
    ['@typescript-eslint/no-non-null-assertion', 'export const y = (x: string | null): string => x!;\n'],
    ['@typescript-eslint/no-unnecessary-condition', 'export const y = (x: string): number => (x === null ? 1 : 2);\n'],
  ];
  for (const [rule, code] of CASES) {
    test(rule, async () => {
      expect(await typedComplaints('ceremony', code)).toContain(rule);
    });
  }

  test('code that keeps them passes', async () => {
    const code = [
      "export async function y(x: 'a' | 'b'): Promise<number> {",
      '  await Promise.resolve();',
      '  switch (x) {',
      "    case 'a':",
      '      return 1;',
      "    case 'b':",
      '      return 2;',
      '  }',
      '}',
      '',
    ].join('\n');
    expect(await typedComplaints('ceremony', code)).toEqual([]);
  });
});
