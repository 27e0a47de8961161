/** docs/standards.md says what the report's appendix and the checker say. `UPDATE_DOCS=1` writes its tables anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { presetOf, type Preset, type Regime } from '../../ceremony/plan/regimes';
import { REGIMES } from '../../ceremony/plan/schema';
import { REQUIREMENTS, citation, type RequirementId } from '../../ceremony/standards/requirements';

const PAGE = join(import.meta.dirname, '../../docs/standards.md');

function requirementRows(): string[] {
  return (Object.keys(REQUIREMENTS) as RequirementId[]).map((id) => {
    const { asks, shownBy, section, compare } = REQUIREMENTS[id];
    return `| ${citation(id)} | ${asks} | ${shownBy} | ${section} | ${compare} |`;
  });
}

const RULES_OF: readonly (readonly [string, (preset: Preset) => RequirementId | null])[] = [
  ['clear-components-forbidden', (preset) => preset.noClearComponents],
  ['regime-threshold', (preset) => preset.thresholds.source],
  ['regime-dual-control', (preset) => preset.pinParts.source],
  ['regime-duties', (preset) => preset.apart.source],
  ['regime-witness', (preset) => preset.watching.source],
  ['regime-quorum', (preset) => preset.quorum.source],
  ['regime-retention', (preset) => preset.retention],
  ['regime-approved-mode', (preset) => preset.approvedMode],
];

function regimeRows(): string[] {
  return REGIMES.filter((regime): regime is Regime => regime !== 'none').flatMap((regime) =>
    RULES_OF.flatMap(([rule, sourceIn]) => {
      const preset = presetOf({ regime });
      const source = preset === null ? null : sourceIn(preset);
      return source === null ? [] : [`| \`${regime}\` | \`${rule}\` | ${citation(source)} |`];
    }),
  );
}

const TABLES = {
  requirements: [
    '| standard | asks | shown by | section of the report | compare |',
    '| --- | --- | --- | --- | --- |',
    ...requirementRows(),
  ],
  regimes: ['| regime | rule | source |', '| --- | --- | --- |', ...regimeRows()],
};

test.each(Object.entries(TABLES))('the table of %s is what the code says', (name, rows) => {
  const section = new RegExp(`(<!-- ${name} -->\n).*(<!-- /${name} -->)`, 'su');
  const table = `\n${rows.join('\n')}\n\n`;
  if (process.env['UPDATE_DOCS'] === '1') {
    const page = readFileSync(PAGE, 'utf8');
    writeFileSync(
      PAGE,
      page.replace(section, (_, before: string, after: string) => before + table + after),
    );
  }
  const found = new RegExp(`<!-- ${name} -->\n(.*)<!-- /${name} -->`, 'su').exec(readFileSync(PAGE, 'utf8'));
  expect(found?.[1]).toBe(table);
});
