/**
 * What SoftHSM2, NSS softoken and opencryptoki's soft token really do, through the same questions; what each cannot do is
 * a documented refusal. opencryptoki needs root. The tables of docs/hsm-support.md are made of it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { beforeAll, describe, expect, it } from 'vitest';
import { capabilityRows, SEEN_TO, type CapabilityRow } from '../../ceremony/capability/rows';
import { CapabilityReport } from '../../ceremony/command/capability-report';
import { STORE_NAMES, type StoreName } from '../../workstation/rehearsal/throw-away-token';
import { CHECKOUT, keyrite } from './program';

const reports = new Map<StoreName, CapabilityReport>();
beforeAll(async () => {
  for (const name of STORE_NAMES) {
    const ended = await keyrite(['inspect', '--module', name, '--json']);
    expect(ended.code, ended.stderr).toBe(0);
    reports.set(name, v.parse(CapabilityReport, JSON.parse(ended.stdout)));
  }
});

function report(name: StoreName): CapabilityReport {
  const found = reports.get(name);
  if (found === undefined) throw new Error(`${name} was not asked`);
  return found;
}

const OAEP = ['sha1', 'sha256', 'sha384', 'sha512'].flatMap((hash) =>
  ['wrap', 'unwrap'].map((way) => `CKM_RSA_PKCS_OAEP ${hash} ${way}`),
);

/** Every question, each with the right answer. */
const RIGHT = Object.fromEntries(
  [
    ...['CKM_AES_ECB', 'CKM_AES_CBC', 'CKM_AES_CMAC', 'CKM_AES_CMAC verify', 'CKM_AES_GCM v2.20', 'CKM_AES_GCM v2.40'],
    ...['CKM_AES_KEY_WRAP', 'CKM_AES_KEY_WRAP unwrap', 'CKM_AES_KEY_WRAP refuses a changed key'],
    ...['CKM_AES_KEY_WRAP_PAD as RFC 5649', 'CKM_AES_KEY_WRAP_PAD as RFC 3394 with PKCS #7', 'CKM_AES_KEY_WRAP_KWP'],
    ...['CKM_SHA256_HMAC', 'CKM_ECDSA P-256', 'CKM_ECDSA P-384', 'CKM_ECDSA P-521', 'CKM_EDDSA Ed25519'],
    ...['CKM_ECDH1_DERIVE sha256', 'ECDH sha256, CKM_AES_KEY_WRAP unwrap', 'ECDH none, CKM_AES_KEY_WRAP unwrap'],
    ...['CKM_RSA_PKCS_PSS', 'CKM_ECDH1_DERIVE', 'CKM_XOR_BASE_AND_DATA', 'C_GenerateRandom', 'CKO_DATA', ...OAEP],
    ...['C_CreateObject secret key', 'CKA_SENSITIVE true', 'CKA_EXTRACTABLE false', 'CKA_ENCRYPT false'],
    ...['C_UnwrapKey keeps to its template', 'C_UnwrapKey, then set right'],
    ...['C_SetAttributeValue', 'C_CopyObject'].flatMap((call) => [
      `${call} does not weaken CKA_EXTRACTABLE`,
      `${call} does not weaken CKA_SENSITIVE`,
    ]),
    ...['made in the token', 'brought in'].map((origin) => `CKA_LOCAL and CKA_NEVER_EXTRACTABLE of a key ${origin}`),
    ...['CKA_MODIFIABLE false', 'CKA_COPYABLE false', 'CKA_DESTROYABLE false', 'CKA_ALLOWED_MECHANISMS'],
    'CKA_WRAP_WITH_TRUSTED true',
  ].map((question) => [question, 'works']),
);

const NO_MECHANISM = 'CKR_MECHANISM_INVALID';
const all = (questions: readonly string[], finding: string): Record<string, string> =>
  Object.fromEntries(questions.map((question) => [question, finding]));

/** What each answers otherwise, and the lengths of PIN that it names. */
const OTHERWISE: Readonly<Record<StoreName, { readonly findings: object; readonly pin: object }>> = {
  softhsm2: {
    findings: {
      'CKM_AES_KEY_WRAP_PAD as RFC 3394 with PKCS #7': 'wrong-answer',
      CKM_AES_KEY_WRAP_KWP: NO_MECHANISM,
      CKM_XOR_BASE_AND_DATA: NO_MECHANISM,
      ...all(['CKM_ECDH1_DERIVE sha256', 'ECDH sha256, CKM_AES_KEY_WRAP unwrap'], 'CKR_MECHANISM_PARAM_INVALID'),
      ...all(
        OAEP.filter((question) => !question.includes('sha1')),
        'CKR_ARGUMENTS_BAD',
      ),
    },
    pin: { shortest: 4, longest: 255 },
  },
  nss: {
    findings: {
      'CKM_AES_CMAC verify': NO_MECHANISM,
      'CKM_AES_KEY_WRAP_PAD as RFC 5649': 'wrong-answer',
      'CKM_EDDSA Ed25519': NO_MECHANISM,
      CKO_DATA: 'CKR_ATTRIBUTE_VALUE_INVALID',
      'CKA_EXTRACTABLE false': 'wrong-answer',
      'C_CopyObject does not weaken CKA_EXTRACTABLE': 'wrong-answer',
      'CKA_LOCAL and CKA_NEVER_EXTRACTABLE of a key made in the token': 'wrong-answer',
      ...all(['CKA_COPYABLE false', 'CKA_DESTROYABLE false', 'CKA_ALLOWED_MECHANISMS'], 'wrong-answer'),
      'CKA_WRAP_WITH_TRUSTED true': 'wrong-answer',
    },
    pin: { shortest: 0, longest: 500 },
  },
  opencryptoki: {
    findings: {
      ...all(
        Object.keys(RIGHT).filter((question) => /^(?:ECDH|CKM_(?:EC|ED|AES_(?:CMAC|GCM|KEY_WRAP)|XOR))/.test(question)),
        NO_MECHANISM,
      ),
      CKM_AES_ECB: 'works',
      'C_UnwrapKey keeps to its template': 'wrong-answer',
      'CKA_LOCAL and CKA_NEVER_EXTRACTABLE of a key brought in': 'wrong-answer',
      ...all(
        ['CKA_COPYABLE false', 'CKA_DESTROYABLE false', 'CKA_ALLOWED_MECHANISMS', 'CKA_WRAP_WITH_TRUSTED true'],
        'CKR_ATTRIBUTE_TYPE_INVALID',
      ),
    },
    pin: { shortest: 4, longest: 8 },
  },
};

describe.each(STORE_NAMES)('%s', (name) => {
  it('answers every question as it is known to', () => {
    const { findings, pin } = report(name);
    expect(findings).toEqual({ ...RIGHT, ...OTHERWISE[name].findings });
    expect(pin).toEqual(OTHERWISE[name].pin);
  });

  it('is left with nothing on it', () => {
    expect(report(name).objects).toEqual({ before: 0, after: 0, appeared: [], gone: [] });
  });

  it('is shown as a table', async () => {
    const ended = await keyrite(['inspect', '--module', name]);
    expect(ended.code, ended.stderr).toBe(0);
    for (const { group, does, by, feature, keyrite: what } of capabilityRows(report(name))) {
      const row = ended.stdout.split('\n').findIndex((line) => line.startsWith(`  ${feature}  `));
      expect(ended.stdout.split('\n')[row]).toMatch(/^ {2}\S/);
      expect(ended.stdout.split('\n')[row]).toContain(`  ${does}  `);
      expect(ended.stdout.split('\n')[row]?.endsWith(`  ${SEEN_TO[group][by]}`)).toBe(true);
      expect(ended.stdout.split('\n')[row + 1]).toBe(`      ${what}`);
    }
    expect(ended.stdout).toContain('Objects that the user can see: 0 before, 0 after.');
  });
});

describe('docs/hsm-support.md', () => {
  const FILE = join(CHECKOUT, 'docs', 'hsm-support.md');
  const SECTION =
    /(?<=<!-- capabilities: made by test\/ceremony\/capabilities.test.ts -->\n).*(?=<!-- \/capabilities -->)/s;

  it('has the tables that the modules give', () => {
    const text = tables();
    // `UPDATE_DOCS=1 npx vitest run test/ceremony/capabilities.test.ts` writes them anew.
    if (process.env['UPDATE_DOCS'] === '1') {
      writeFileSync(
        FILE,
        readFileSync(FILE, 'utf8').replace(SECTION, () => text),
      );
    }
    expect(SECTION.exec(readFileSync(FILE, 'utf8'))?.[0]).toBe(text);
  });

  it('explains every word of the last line of a cell', () => {
    const page = readFileSync(FILE, 'utf8');
    for (const word of Object.values(SEEN_TO).flatMap((words) => Object.values(words)))
      expect(page).toContain(`**${word}**`);
  });
});

const NAMES: Readonly<Record<StoreName, string>> = {
  softhsm2: 'SoftHSM2',
  nss: 'NSS softoken',
  opencryptoki: 'opencryptoki, soft token',
};

function tables(): string {
  const columns = STORE_NAMES.map((name) => ({ name, rows: capabilityRows(report(name)) }));
  const titles = STORE_NAMES.map((name) => `${NAMES[name]} ${report(name).library.version}`);
  const table = (group: CapabilityRow['group'], heading: string): string[] => {
    const features = columns[0]?.rows.filter((row) => row.group === group).map(({ feature }) => feature) ?? [];
    const cells = features.map((feature) =>
      columns.map(({ rows }) => cell(rows.find((row) => row.feature === feature))),
    );
    return [
      `| ${[heading, ...titles].join(' | ')} |`,
      `| ${['---', ...titles.map(() => '---')].join(' | ')} |`,
      ...features.map((feature, at) => `| ${[feature, ...(cells[at] ?? [])].join(' | ')} |`),
    ];
  };
  const lines = [...table('mechanisms', 'mechanism'), '', ...table('keeping', 'how keys are kept')];
  return `\n${lines.join('\n')}\n\n`;
}

function cell(row: CapabilityRow | undefined): string {
  if (row === undefined) throw new Error('the tables do not have the same rows');
  return `${row.does.replace(/\b(CK[A-Z]_[A-Z_]+)\b/g, '`$1`')}; **${SEEN_TO[row.group][row.by]}**`;
}
