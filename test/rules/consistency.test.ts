/** Lists that several files of the checkout hold say the same everywhere. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BUNDLES } from '../../scripts/bundles.mjs';
import { SYSTEM_PACKAGES } from '../../scripts/setup/system-packages.mjs';
import { ROOT } from './lint-text';

interface Manifest {
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const connected = JSON.parse(read('connected/package.json')) as Manifest;
/** Versions by name; one that is there by another name, `npm:NAME@VERSION`, by that name. */
const packages = Object.fromEntries(
  Object.entries({ ...manifest.dependencies, ...manifest.devDependencies, ...connected.dependencies }).map(
    ([name, version]) => [name, version.replace(/^npm:[a-z]+@/, '')],
  ),
);

describe('programs', () => {
  test('knip knows every one as an entry', () => {
    const knip = JSON.parse(read('knip.json')) as { workspaces: Record<string, { entry: string[] }> };
    const entries = Object.entries(knip.workspaces).flatMap(([folder, { entry }]) =>
      entry.map((file) => (folder === '.' ? file : `${folder}/${file}`)),
    );
    for (const bundle of BUNDLES) expect(entries).toContain(bundle.entry);
  });

  test('the commands of package.json are those that are built', () => {
    const commands = BUNDLES.filter((bundle) => bundle.command).map((bundle) => bundle.output);
    const named = [...Object.values(manifest.bin), ...Object.values(connected.bin).map((file) => `connected/${file}`)];
    expect(named).toEqual(commands);
  });
});

describe('dependencies', () => {
  const page = read('docs/dependencies.md');

  test('every version is pinned', () => {
    for (const [name, version] of Object.entries(packages)) expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test.each(Object.entries(packages))('docs/dependencies.md tells of %s %s', (name, version) => {
    expect(page).toContain(`| \`${name}\` | ${version} |`);
  });

  test.each(SYSTEM_PACKAGES.map((one) => one.name))('docs/dependencies.md tells of the system package %s', (name) => {
    expect(page).toContain(`| \`${name}\` |`);
  });

  test('the page tells of nothing else', () => {
    const told = [...page.matchAll(/^\| `([^`]+)` \| (\d+\.\d+\.\d+) \|/gm)].map((match) => match[1]);
    expect(told.sort()).toEqual(Object.keys(packages).sort());
  });

  test('both packages ask for the same versions', () => {
    for (const [name, version] of Object.entries(connected.dependencies))
      expect(manifest.dependencies[name]).toBe(version);
  });
});
