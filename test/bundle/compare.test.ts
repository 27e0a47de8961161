/** Comparing two bundles: a rehearsal and the production after it, and ceremonies that went otherwise. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compareBundles } from '../../ceremony/bundle/compare';
import { mergeOrders } from '../../ceremony/bundle/merge-orders';
import { compare } from '../../cli/commands/compare';
import { EXIT } from '../../cli/exit';
import { UsageError } from '../../workstation/explain';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { makeBundle, type Variation } from './software-ceremony';
import { removeDirectory, temporaryDirectory } from './temp-folder';

let home = '';
const at = (name: string): string => join(home, name);
const bundle = (name: string): FileBundleFolder => new FileBundleFolder(at(name));

const STEP = '  - { id: sign-off,';
const MORE = '  - { id: once-more, title: Once more, action: checkpoint, signers: [{ role: witness, count: 1 }] }\n';

const CEREMONIES: Readonly<Record<string, Variation>> = {
  rehearsal: {},
  production: { mode: 'production', ceremony: 'software-2' },
  skipped: { ceremony: 'software-3', skip: ['preflight'] },
  stopped: { ceremony: 'software-4', stopBefore: 'commit' },
  longer: { ceremony: 'software-5', planText: (text) => text.replace(STEP, `${MORE}${STEP}`) },
  reordered: {
    ceremony: 'software-6',
    planText: (text) => {
      const line = / {2}- \{ id: inventory,.*\n/.exec(text)?.[0] ?? '';
      return text.replace(line, '').replace(STEP, `${line}${STEP}`);
    },
  },
  otherwise: {
    ceremony: 'software-7',
    bindingText: (text) => text.replace('path: /nowhere/module.so', 'path: /elsewhere/module.so'),
  },
  'two days': { ceremony: 'software-9', realLife: true },
  'two days otherwise': {
    ceremony: 'software-10',
    realLife: true,
    secondBinding: (text) => text.replace('path: /nowhere/module.so', 'path: /elsewhere/module.so'),
  },
  'parameters here': { ceremony: 'software-11', ...withParameters('/media/here.json', 'a'.repeat(64)) },
  'parameters there': { ceremony: 'software-12', ...withParameters('/media/there.json', 'a'.repeat(64)) },
  'other parameters': { ceremony: 'software-13', ...withParameters('/media/here.json', 'b'.repeat(64)) },
};

/** Wrapping parameters are bound, and on record as taken; the file itself is not there. */
function withParameters(path: string, sha256: string): Variation {
  const name = 'attachments/key-protect.wrapping-parameters.json';
  return {
    bindingText: (text) =>
      text.replace('wrappingParameters: []', `wrappingParameters: [{ id: key-protect, file: ${path} }]`),
    draft: (draft) =>
      draft.type === 'fact.recorded' && draft.body.fact === 'answer'
        ? {
            ...draft,
            body: {
              fact: 'wrapping-parameters',
              value: { parameters: 'key-protect', file: name },
              files: [{ name, sha256 }],
            },
          }
        : draft,
  };
}

beforeAll(async () => {
  home = await temporaryDirectory();
  for (const [name, variation] of Object.entries(CEREMONIES)) await makeBundle(bundle(name), variation);
}, 240_000);
afterAll(async () => {
  await removeDirectory(home);
});

describe('compareBundles', () => {
  it('finds a rehearsal and its production alike: plan, order, and every step', async () => {
    const found = await compareBundles(bundle('rehearsal'), bundle('production'));
    expect(found.findings).toEqual([]);
    expect([found.samePlan, found.sameOrder]).toEqual([true, true]);
    expect([found.a.mode, found.b.mode, found.a.ceremony, found.b.ceremony]).toEqual([
      ...['rehearsal', 'production', 'software-1', 'software-2'],
    ]);
    expect(new Set(found.steps.map(({ place }) => place))).toEqual(new Set(['same']));
    const load = found.steps.find(({ step }) => step === 'load');
    // Three acts were tried, the first of which was not applied.
    expect(load?.a).toMatchObject({ attempts: 1, acts: 2, failures: 1, status: 'complete', place: 7 });
    expect(load?.title).toBe('Load');
    expect(load?.a?.durationMs).toBe(8 * 1500);
    const rollCall = found.steps.find(({ step }) => step === 'roll-call');
    expect(rollCall?.a?.by).toContainEqual({ id: 'wanda', name: 'Wanda Müller', position: 'witnesses' });
    expect(found.exceptions).toHaveLength(1);
    expect(found.exceptions[0]).toMatchObject({
      step: 'inventory',
      kind: 'step-skipped',
      a: { happened: 'It was left out.', signers: ['ada', 'wanda'] },
      b: { decided: 'To go on.' },
    });
    expect(found.a.outcome).toBe('completed');
    expect(found.a.lines).toBeGreaterThan(50);
    expect(found.a.durationMs).toBe((found.a.lines - 1) * 1500);
    expect(found.binding).toEqual([]);
  });

  it('tells how a step ended otherwise, and of an exception in one only', async () => {
    const found = await compareBundles(bundle('rehearsal'), bundle('skipped'));
    expect(found.findings).toEqual(['step preflight: complete in a, skipped in b']);
    expect(found.exceptions.map(({ step, a, b }) => [step, a === null, b === null])).toEqual([
      ['inventory', false, false],
      ['preflight', true, false],
    ]);
  });

  it('names steps that are missing, though the plan has them', async () => {
    const found = await compareBundles(bundle('rehearsal'), bundle('stopped'));
    expect(found.findings).toEqual(
      ['commit', 'activate', 'sign-off', 'export'].map((step) => `step ${step}: carried out in a only`),
    );
    expect(found.b.outcome).toBeNull();
    const both = await compareBundles(bundle('stopped'), bundle('stopped'));
    expect(both.findings[0]).toBe('step commit: begun in neither');
    expect(both.steps.at(-1)).toMatchObject({ step: 'export', place: 'neither', a: null, b: null });
  });

  it('names steps that only one plan has, and those in another order', async () => {
    const longer = await compareBundles(bundle('rehearsal'), bundle('longer'));
    expect(longer.findings.slice(1)).toEqual(['step once-more: carried out in b only, and not in the plan of a']);
    expect(longer.findings[0]).toMatch(/^the plans differ: [0-9a-f]{64} and [0-9a-f]{64}$/u);
    const reordered = await compareBundles(bundle('rehearsal'), bundle('reordered'));
    expect(reordered.findings.slice(1)).toEqual(['step inventory: carried out in another order']);
    expect(reordered.sameOrder).toBe(false);
  });

  it('names what was bound otherwise', async () => {
    const found = await compareBundles(bundle('rehearsal'), bundle('otherwise'));
    expect(found.findings).toEqual([]);
    expect(found.binding).toEqual([
      {
        what: 'module',
        name: 'software',
        a: `/nowhere/module.so, SHA-256 ${'0'.repeat(64)}`,
        b: `/elsewhere/module.so, SHA-256 ${'0'.repeat(64)}`,
      },
    ]);
  });

  it('names what a later session binds otherwise, and no second binding that is the same', async () => {
    const found = await compareBundles(bundle('two days'), bundle('two days otherwise'));
    expect(found.binding.map(({ what }) => what)).toEqual(['module']);
    expect(found.binding[0]).toMatchObject({
      a: `/nowhere/module.so, SHA-256 ${'0'.repeat(64)}`,
      b:
        `/nowhere/module.so, SHA-256 ${'0'.repeat(64)}; ` +
        `from session 2: /elsewhere/module.so, SHA-256 ${'0'.repeat(64)}`,
    });
    const again = await compareBundles(bundle('two days'), bundle('rehearsal'));
    expect(again.binding.filter(({ what }) => what === 'module')).toEqual([]);
  });

  it('wrapping parameters are what their file holds, wherever it lay', async () => {
    const moved = await compareBundles(bundle('parameters here'), bundle('parameters there'));
    expect(moved.binding).toEqual([]);
    const other = await compareBundles(bundle('parameters here'), bundle('other parameters'));
    expect(other.binding).toEqual([
      {
        what: 'wrapping-parameters',
        name: 'key-protect',
        a: `SHA-256 ${'a'.repeat(64)}`,
        b: `SHA-256 ${'b'.repeat(64)}`,
      },
    ]);
  });

  it('says which bundle cannot be read, and why', async () => {
    await makeBundle(bundle('broken'), { ceremony: 'software-8' });
    const path = join(at('broken'), 'transcript.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"seq":5', '"seq": 5'));
    await expect(compareBundles(bundle('rehearsal'), bundle('broken'))).rejects.toMatchObject({
      name: 'UnreadableBundle',
      bundle: 'b',
      message: expect.stringMatching(/^line 5: /u) as string,
    });
    await expect(compareBundles(bundle('nowhere'), bundle('broken'))).rejects.toMatchObject({ bundle: 'a' });
  });
});

describe('mergeOrders', () => {
  it.each([
    ['', '', ''],
    ['abc', 'abc', 'a= b= c='],
    ['abc', 'acb', 'a= b~ c='],
    ['abcd', 'dabc', 'a= b= c= d~'],
    ['ac', 'abcd', 'a= b> c= d>'],
    ['abcd', 'bd', 'a< b= c< d='],
    ['', 'ab', 'a> b>'],
    ['abx', 'yab', 'y> a= b= x<'],
  ])('%s and %s', (a, b, expected) => {
    const signs = { same: '=', moved: '~', 'only-a': '<', 'only-b': '>' };
    const merged = mergeOrders([...a], [...b]).map(({ id, presence }) => `${id}${signs[presence]}`);
    expect(merged.join(' ')).toBe(expected);
  });
});

describe('keyrite compare', () => {
  it('exits by the findings, and prints both as text or JSON', { timeout: 240_000 }, async () => {
    const said: string[] = [];
    const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      said.push(String(text));
      return true;
    });
    try {
      expect(await compare([at('rehearsal'), at('otherwise')])).toBe(EXIT.good);
      expect(said.join('')).toContain('the same plan, in the same order, every step');
      expect(said.join('')).toContain('module software');
      said.length = 0;
      expect(await compare([at('rehearsal'), at('longer'), '--json'])).toBe(EXIT.findings);
      const json = JSON.parse(said.join('')) as { findings: string[]; verdicts: object; samePlan: boolean };
      expect(json.verdicts).toEqual({ a: 'consistent', b: 'consistent' });
      expect(json.samePlan).toBe(false);
      expect(json.findings).toHaveLength(2);
      await expect(compare([at('rehearsal')])).rejects.toThrow(UsageError);
      await expect(compare([at('rehearsal'), at('nowhere')])).rejects.toThrow(UsageError);
    } finally {
      spy.mockRestore();
    }
  });
});
