import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { makeBundle } from './software-ceremony';
import { folderAt, removeDirectory, temporaryDirectory } from './temp-folder';

let directory = '';
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(async () => {
  await removeDirectory(directory);
});

describe('verifyBundle', () => {
  it('finds a whole bundle consistent', async () => {
    const folder = folderAt(directory);
    const made = await makeBundle(folder);
    const report = await verifyBundle(folder);
    expect(report.findings).toEqual([]);
    expect(report.missing).toEqual([]);
    expect(report.verdict).toBe('consistent');
    expect((await verifyBundle(folder, { planHash: made.planHash })).verdict).toBe('verified');
  });
});
