/** `keyrite report` and `keyrite script`: which files they write, and what they refuse. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { report } from '../../cli/commands/report';
import { script } from '../../cli/commands/script';
import { readPlan } from '../../ceremony/plan/read';
import { UsageError } from '../../workstation/explain';
import { makeBundle, type Variation } from '../bundle/software-ceremony';
import { folderAt } from '../bundle/temp-folder';
import { FIRST } from '../plan/examples';
import { infoOf } from './poppler';
import { seal } from './reported-bundle';

let folder: string;
let said: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyrite-commands-'));
  said = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, name);

async function bundle(variation: Variation = {}): Promise<string> {
  const path = at('bundle');
  mkdirSync(path);
  await makeBundle(folderAt(path), { reproducible: true, ...variation });
  return path;
}

describe('keyrite report', () => {
  it('writes the very files that the bundle was sealed with', async () => {
    const path = await bundle();
    await seal(folderAt(path));
    for (const name of ['report.html', 'report.pdf']) {
      expect(await report([path, '-o', at(name)])).toBe(0);
      expect(readFileSync(at(name)).equals(readFileSync(join(path, name))), name).toBe(true);
    }
    expect(said).toBe(`consistent\n${at('report.html')}\nconsistent\n${at('report.pdf')}\n`);
  });

  it('writes PDF on Letter, and tells of it in JSON', async () => {
    const path = await bundle();
    expect(await report([path, '-o', at('r.pdf'), '--paper', 'letter', '--json'])).toBe(0);
    expect(JSON.parse(said)).toEqual({ out: at('r.pdf'), verdict: 'consistent' });
    expect(await infoOf(readFileSync(at('r.pdf')))).toMatchObject({ 'Page size': '612 x 792 pts (letter)' });
  });

  it('writes a report of what is refused, too, and ends with 1', async () => {
    const path = await bundle({ finalSigners: ['ada'] });
    expect(await report([path, '-o', at('r.html')])).toBe(1);
    expect(readFileSync(at('r.html'), 'utf8')).toContain('REFUSED: THIS RECORD DOES NOT HOLD');
  });

  it.each([
    [['-o', 'r.txt'], 'r.txt ends in neither .html nor .pdf'],
    [['-o', 'r.pdf', '--paper', 'a3'], '--paper a3 is not known'],
    [['-o', 'r.html', '--paper', 'letter'], '--paper goes with PDF only'],
    [[], '--out is missing'],
  ])('refuses %j', async (args, message) => {
    await expect(report([folder, ...args])).rejects.toThrow(message);
    await expect(report([folder, ...args])).rejects.toBeInstanceOf(UsageError);
  });

  it('overwrites nothing', async () => {
    const path = await bundle();
    writeFileSync(at('r.html'), 'mine');
    await expect(report([path, '-o', at('r.html')])).rejects.toThrow('exists already');
    expect(readFileSync(at('r.html'), 'utf8')).toBe('mine');
  });
});

describe('keyrite script', () => {
  it('writes HTML and PDF', async () => {
    writeFileSync(at('plan.yaml'), FIRST);
    const { sha256 } = readPlan(FIRST);
    expect(await script([at('plan.yaml'), '-o', at('s.pdf'), '--json'])).toBe(0);
    expect(JSON.parse(said)).toEqual({ out: at('s.pdf'), planSha256: sha256 });
    expect(await infoOf(readFileSync(at('s.pdf')))).toMatchObject({ Tagged: 'yes' });
    expect(await script([at('plan.yaml'), '-o', at('s.html')])).toBe(0);
    expect(readFileSync(at('s.html'), 'utf8')).toContain('</html>');
    await expect(script([at('plan.yaml'), '-o', at('s.docx')])).rejects.toBeInstanceOf(UsageError);
  });
});
