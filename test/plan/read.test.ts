import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, parseCanonical, type Json } from '../../ceremony/canonical-json';
import { checkPlan } from '../../ceremony/plan/check';
import { dryRun } from '../../ceremony/plan/dry-run';
import { PlanError, readBinding, readPlan } from '../../ceremony/plan/read';
import { renderHtml } from '../../ceremony/print/html';
import { scriptDocument } from '../../ceremony/plan/script/script-document';
import { BINDING, FIRST, ROTATE } from './examples';

/** The lines of the error that a text gives; empty when it can be read. */
function refusal(read: (text: string) => unknown, text: string): string[] {
  try {
    read(text);
    return [];
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    return error.message.split('\n').map((line) => line.trim());
  }
}

/** The example plan with one piece of text replaced; the piece must be there. */
function edited(from: string, to: string, text = FIRST): string {
  expect(text).toContain(from);
  return text.replace(from, to);
}

describe('the plan hash', () => {
  test('is the SHA-256 of the canonical JSON with defaults filled in', () => {
    const { plan, canonical, sha256 } = readPlan(FIRST);
    expect(parseCanonical(canonical)).toEqual(plan);
    expect(sha256).toBe(createHash('sha256').update(canonical).digest('hex'));
    expect(Buffer.from(canonical).toString('utf8')).toContain('"alternates":0');
  });

  test('is the same for other comments, spacing and order of keys, and for JSON', () => {
    const { plan, sha256 } = readPlan(FIRST);
    expect(readPlan(FIRST.replaceAll(/^ *#.*$/gm, '')).sha256).toBe(sha256);
    expect(readPlan(canonicalJson(plan as Json)).sha256).toBe(sha256);
    expect(readPlan(`\ufeff${FIRST.replaceAll('\n', '\r\n')}`).sha256).toBe(sha256);
    expect(readPlan(edited('regime: none\n', '')).sha256).toBe(sha256);
  });

  test('is another one when a word of a title changes', () => {
    expect(readPlan(edited('Both units hold the same new', 'Both units hold the same old')).sha256).not.toBe(
      readPlan(FIRST).sha256,
    );
  });
});

describe('what a plan gets wrong is named with line, column and place', () => {
  test.each<[string, string, string, string[]]>([
    [
      'a mistyped key',
      'positions:\n  - id: admin',
      'positons:\n  - id: admin',
      [
        'line -20, column 1: the key `positions` is missing',
        'line +0, column 1: unknown key `positons`, did you mean `positions`?',
      ],
    ],
    [
      'a key from nowhere',
      '    label: payments-unit-a',
      '    label: payments-unit-a\n    colour: red',
      ['line +1, column 5: units[0]: unknown key `colour`; known here are `id`, `name`, `label`, `begins`'],
    ],
    [
      'a mistyped key of a step',
      'signatureThreshold: 2',
      'signaturThreshold: 2',
      [
        'line -6, column 5: steps[4]: the key `signatureThreshold` is missing',
        'line +0, column 5: steps[4]: unknown key `signaturThreshold`, did you mean `signatureThreshold`?',
      ],
    ],
    [
      'a mistyped action',
      'action: roll-call',
      'action: rollcall',
      ['line +0, column 13: steps[1].action: got "rollcall", did you mean `roll-call`?'],
    ],
    [
      'a step without an action',
      '    action: preflight\n',
      '',
      [
        'line -2, column 5: steps[0]: the key `action` is missing, one of `preflight`, `roll-call`, `enrol`, `unit.initialise`, `unit.imprint`, `unit.administrators.add`, `unit.administrators.remove`, `unit.thresholds`, `unit.adopt`, `unit.zeroise`, `unit.pin.change`, `unit.pin.unlock`, `unit.inventory`, `unit.compare`, `master-key.generate`, `shares.distribute`, `shares.drill`, `shares.transfer`, `shares.reshare`, `shares.destroy`, `master-key.load`, `master-key.verify`, `master-key.commit`, `master-key.activate`, `master-key.clear`, `master-key.adopt`, `key.adopt`, `vendor.procedure`, `master-key.rotate`, `key.generate`, `key.wrap`, `key.unwrap`, `key.destroy`, `key.package`, `fact`, `custody`, `statement`, `checkpoint`, `pause`, `export`',
      ],
    ],
    [
      'a word where YAML 1.1 had a boolean',
      'attends: false',
      'attends: no',
      ['line +0, column 14: positions[4].attends: expected true or false, got "no"'],
    ],
    [
      'a number where text belongs',
      'name: payments-root',
      'name: 2026',
      [
        'line +0, column 13: steps[14].key.name: expected text (put it in quotes if YAML reads it as something else), got 2026',
      ],
    ],
    [
      'a fraction',
      'minutes: 5',
      'minutes: 2.5',
      [
        'line +0, column 14: steps[0].minutes: `2.5` is read as a number that is not a plain integer; if it is text, put it in quotes',
      ],
    ],
    [
      'a hexadecimal number',
      'minutes: 5',
      'minutes: 0x10',
      [
        'line +0, column 14: steps[0].minutes: `0x10` is read as a number that is not a plain integer; if it is text, put it in quotes',
      ],
    ],
    [
      'a threshold out of range',
      'signatureThreshold: 2',
      'signatureThreshold: 9',
      ['line +0, column 25: steps[4].signatureThreshold: expected at most 8, got 9'],
    ],
    [
      'an id with a capital',
      'id: unit-b',
      'id: Unit-B',
      ['line +0, column 9: units[1].id: expected an id: a-z, 0-9 and -, at most 63, got "Unit-B"'],
    ],
    [
      'an empty list',
      'positions: [administrators, custodians, witness, auditor]',
      'positions: []',
      ['line +0, column 16: steps[1].positions: expected a length of at least 1, got 0'],
    ],
    [
      'a list where a mapping belongs',
      'authenticate:\n      by: read-back\n      positions: [administrators, witness]',
      'authenticate: [witness]',
      [
        'line +0, column 19: steps[14].authenticate: the key `by` is missing, one of `read-back`, `pinned`, `two-collectors`, `all`',
      ],
    ],
    [
      'the same key twice',
      'id: first-ceremony\n',
      'id: first-ceremony\nid: other\n',
      ['line +1, column 1: id: the key `id` stands here twice'],
    ],
    [
      'an anchor and its alias',
      'by: [administrators, custodians, witness, auditor]',
      'by: &all [witness]\n    materials: *all',
      [
        'line +0, column 14: steps[2].by: anchors (&name) are not allowed',
        'line +1, column 16: steps[2].materials: aliases (*name) are not allowed: write the value out',
      ],
    ],
    [
      'a tag',
      'id: first-ceremony',
      'id: !!str first-ceremony',
      ['line +0, column 11: id: tags (tag:yaml.org,2002:str) are not allowed'],
    ],
    [
      'a merge key',
      '  name: Key ceremony room',
      '  <<: {}\n  name: Key ceremony room',
      ['line +0, column 3: site: merge keys (<<) are not allowed: write the members out'],
    ],
    [
      'a key that is no word',
      'id: first-ceremony',
      '__proto__: 1\nid: first-ceremony',
      ['line +0, column 1: a key must be one word of letters, digits and -'],
    ],
    [
      'text that reads in another order',
      'title: First ceremony',
      'title: First \u202eceremony',
      ['line +0, column 14: the invisible character U+202E is not allowed: it can make a text read as another'],
    ],
    [
      'the same, escaped',
      'title: First ceremony of the payments platform',
      'title: "First \\u202e ceremony"',
      ['line +0, column 8: title: the invisible character U+202E is not allowed: it can make a text read as another'],
    ],
    [
      'half of a surrogate pair',
      'title: First ceremony of the payments platform',
      'title: "\\ud800"',
      ['line +0, column 8: title: the text holds half of a surrogate pair'],
    ],
    [
      'a list that is not closed',
      'by: [witness]',
      'by: [witness',
      ['line +1, column 5: not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ],
    [
      'a second document',
      'keyrite: plan/1',
      'keyrite: plan/1\n---\nkeyrite: plan/1',
      ['line +1, column 1: expected one document, found a second after `---`'],
    ],
  ])('%s', (_, from, to, problems) => {
    // Lines are told from the line of the edit on, so that the examples may grow.
    const edit = FIRST.slice(0, FIRST.indexOf(from)).split('\n').length;
    const told = problems.map((one) =>
      one.replace(/^line ([+-]\d+)/, (_match, by: string) => `line ${String(edit + Number(by))}`),
    );
    expect(refusal(readPlan, edited(from, to))).toEqual(['The plan cannot be read:', ...told]);
  });

  test.each<[string, string, string]>([
    ['an empty file', '', 'line 1, column 1: the file is empty'],
    ['comments only', '# nothing\n', 'line 1, column 1: the file is empty'],
    ['a word', 'plan', 'line 1, column 1: expected a mapping, got "plan"'],
    [
      'a directive',
      `%YAML 1.1\n---\n${FIRST}`,
      'line 1, column 1: directives (lines that begin with %) are not allowed',
    ],
    ['more than 1 MiB', `# ${'x'.repeat(1024 * 1024)}\n`, 'line 1, column 1: longer than 1 MiB'],
  ])('%s', (_, text, problem) => {
    expect(refusal(readPlan, text)).toEqual(['The plan cannot be read:', problem]);
  });

  test('a binding is read by the same rules', () => {
    expect(refusal(readBinding, edited('    path: /opt/vendor/lib', '    path: vendor/lib', BINDING)).join()).toMatch(
      /^The binding cannot be read:,line \d+, column 11: modules\[0\]\.path: expected an absolute path, got "vendor/,
    );
    expect(refusal(readBinding, edited('lastKnown: null', 'lastknown: null', BINDING)).join()).toMatch(
      /line \d+, column 5: units\[0\]: unknown key `lastknown`, did you mean `lastKnown`\?/,
    );
  });
});

describe('hostile text is refused at once', () => {
  test.each<[string, string]>([
    ['flow lists', `a: ${'['.repeat(500_000)}`],
    ['flow mappings', `a: ${'{a: '.repeat(200_000)}`],
    ['brackets closed before they open', `${']'.repeat(45_000)}${'['.repeat(45_000)}`],
    ['brackets closed by the wrong kind', `a: ${'[}'.repeat(24_000)}`],
    ['brackets across documents', '[[[[\n---\n'.repeat(5_000)],
    ['lists in lists', `${'- '.repeat(400_000)}x`],
    ['complex keys', `${'? '.repeat(400_000)}x`],
    ['colons', 'a: '.repeat(300_000)],
    ['deep indents', Array.from({ length: 1400 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['flow lists across lines', '- [\n'.repeat(200_000)],
    ['commas', `[${','.repeat(900_000)}]`],
    ['anchors', '&a '.repeat(300_000)],
    [
      'aliases of aliases',
      `a: &a [x]\n${Array.from({ length: 20_000 }, (_, n) => `b${String(n)}: [*a, *a]`).join('\n')}`,
    ],
    ['documents', '--- 1\n'.repeat(100_000)],
    ['keys', Array.from({ length: 60_000 }, (_, n) => `k${String(n)}: 1`).join('\n')],
    ['one key many times', 'key: 1\n'.repeat(20_000)],
    ['a long scalar', `id: ${'a'.repeat(1_000_000)}`],
    ['quotes', '"'.repeat(900_000)],
  ])('%s', (_, text) => {
    const start = performance.now();
    expect(refusal(readPlan, text)[0]).toBe('The plan cannot be read:');
    // What goes wrong here takes minutes; a machine that does other things too takes longer than one that does not.
    expect(performance.now() - start).toBeLessThan(30_000);
  });
});

describe('any text', () => {
  const either = (text: string): void => {
    for (const read of [readPlan, readBinding]) {
      const said = refusal(read, text);
      if (said.length > 0) expect(said.length).toBeGreaterThan(1);
    }
  };

  test('is read or refused with a place', () => {
    const yamlish = fc.string({
      unit: fc.constantFrom(...Array.from('ab:-?[]{}&*!|>"\'%#,@` \n\t01.~=<\\\u0000\u2028é')),
      maxLength: 200,
    });
    fc.assert(fc.property(fc.oneof(yamlish, fc.string({ unit: 'binary' })), either), { numRuns: 800 });
  });

  test('is read or refused when it is an example with a piece cut out, doubled or replaced', () => {
    const mutation = fc.tuple(
      fc.constantFrom(FIRST, ROTATE),
      fc.nat(),
      fc.nat({ max: 60 }),
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('cut', 'double', 'replace'),
    );
    let read = 0;
    fc.assert(
      fc.property(mutation, ([text, at, length, other, how]) => {
        const start = at % text.length;
        const piece = text.slice(start, start + length);
        const put = { cut: '', double: piece + piece, replace: other }[how];
        const mutated = text.slice(0, start) + put + text.slice(start + length);
        if (refusal(readPlan, mutated).length > 0) return;
        // What can be read can be checked, dry-run and printed.
        const { plan, sha256 } = readPlan(mutated);
        checkPlan(plan);
        dryRun(plan);
        renderHtml(scriptDocument(plan, sha256));
        read += 1;
      }),
      { numRuns: 150 },
    );
    expect(read).toBeGreaterThan(10);
  });

  test('values of a plan replaced by any others are read or refused', () => {
    const plan = readPlan(FIRST).plan as unknown as Json;
    const places: (readonly (string | number)[])[] = [];
    const collect = (value: Json, path: readonly (string | number)[]): void => {
      places.push(path);
      if (typeof value !== 'object' || value === null) return;
      for (const [key, inner] of Object.entries(value))
        collect(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    };
    collect(plan, []);
    const replaced = (value: Json, path: readonly (string | number)[], by: Json): Json => {
      const [key, ...rest] = path;
      if (key === undefined) return by;
      const copy = structuredClone(value) as Record<string | number, Json>;
      copy[key] = replaced(copy[key] ?? null, rest, by);
      return copy;
    };
    const anything = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom(...places.slice(1).map((path) => String(path.at(-1)))),
      fc.integer({ min: -3, max: 70 }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...places), anything, (path, by) => {
        const text = JSON.stringify(replaced(plan, path, by as Json));
        if (refusal(readPlan, text).length > 0) return;
        checkPlan(readPlan(text).plan);
        dryRun(readPlan(text).plan);
      }),
      { numRuns: 100 },
    );
  });
});
