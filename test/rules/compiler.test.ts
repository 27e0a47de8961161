/** The compiler refuses forbidden imports between layers: a copy of the real project files, with small sources. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from './lint-text';

const LAYERS = ['ceremony', 'hsm', 'workstation', 'cli', 'connected'] as const;

/** Who may import whom, as far as the compiler can tell. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  ceremony: [],
  hsm: ['ceremony'],
  workstation: ['ceremony', 'hsm'],
  cli: ['ceremony', 'hsm', 'workstation'],
  connected: ['ceremony'],
};

const pairs = LAYERS.flatMap((from) => LAYERS.filter((to) => to !== from).map((to) => ({ from, to })));

describe('project references', () => {
  let folder = '';
  let output = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'keyrite-layers-'));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    cpSync(join(ROOT, 'tsconfig.base.json'), join(folder, 'tsconfig.base.json'));
    for (const layer of LAYERS) {
      mkdirSync(join(folder, layer));
      cpSync(join(ROOT, layer, 'tsconfig.json'), join(folder, layer, 'tsconfig.json'));
      writeFileSync(join(folder, layer, 'own.ts'), `/** Something to import. */\nexport const own = '${layer}';\n`);
    }
    for (const { from, to } of pairs) {
      const code = `import { own } from '../${to}/own';\nexport const seen = own;\n`;
      writeFileSync(join(folder, from, `from-${to}.ts`), code);
    }
    writeFileSync(join(folder, 'ceremony/any.ts'), 'export const y = (x): unknown => x;\n');
    writeFileSync(join(folder, 'ceremony/index.ts'), 'export const y = (x: string[]): string => x[0];\n');
    writeFileSync(join(folder, 'ceremony/syntax.ts'), 'export class Y {\n  constructor(readonly x: string) {}\n}\n');
    output = await tsc(folder);
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { from, to } of pairs) {
    const allowed = ALLOWED[from]?.includes(to) === true;
    test(`${from} may ${allowed ? '' : 'not '}import ${to}`, () => {
      const codes = errorsIn(output, `${from}/from-${to}.ts`);
      if (allowed) expect(codes).toEqual([]);
      else expect(codes.filter((code) => code === 'TS6307' || code === 'TS6059')).not.toEqual([]);
    });
  }

  test('what a layer has of its own compiles', () => {
    for (const layer of LAYERS) expect(errorsIn(output, `${layer}/own.ts`)).toEqual([]);
  });

  test('strictness: any by silence, unchecked index, syntax that is not erasable', () => {
    expect(errorsIn(output, 'ceremony/any.ts')).toEqual(['TS7006']);
    expect(errorsIn(output, 'ceremony/index.ts')).toEqual(['TS2322']);
    expect(errorsIn(output, 'ceremony/syntax.ts')).toEqual(['TS1294']);
  });
});

async function tsc(folder: string): Promise<string> {
  const args = [join(ROOT, 'node_modules/typescript/bin/tsc'), '-b', '--pretty', 'false', ...LAYERS];
  try {
    return (await promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 1 << 24 })).stdout;
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

/** Error codes that the compiler reports at places in one file. */
function errorsIn(output: string, file: string): string[] {
  const lines = output.split('\n').filter((line) => line.startsWith(`${file}(`));
  return lines.map((line) => / error (TS\d+):/.exec(line)?.[1] ?? line);
}
