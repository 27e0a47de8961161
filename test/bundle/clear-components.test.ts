/** Plans that the checker refuses, in records that are otherwise in order: every verifier refuses them too, and says why. */
import { describe, expect, it } from 'vitest';
import { withBundle } from '../report/reported-bundle';
import { judge, judgeByScript } from './mutation/both-verifiers';
import type { Files } from './mutation/bundle-files';
import { judgeByPython } from './mutation/third-verifier';

async function judged(planText: (text: string) => string): Promise<readonly [string, string, string]> {
  return withBundle({ planText }, async (folder) => {
    const files: Files = new Map(
      await Promise.all((await folder.list()).map(async (name) => [name, await folder.read(name)] as const)),
    );
    const [ts, sh] = [await judge(files), await judgeByScript(files)];
    return [`${ts.verdict} ${ts.said}`, `${sh.verdict} ${sh.said}`, await judgeByPython(files)] as const;
  });
}

describe('a record', () => {
  it('under regime pci-pin with shares on the workstation is refused', { timeout: 120_000 }, async () => {
    const [ts, sh, python] = await judged((text) => text.replace('\nsite:', '\nregime: pci-pin\nsite:'));
    expect(ts).toMatch(/^refused [^]*makes shares of a master key on the workstation, under regime pci-pin/u);
    expect(sh).toMatch(/^refused [^]*has clear components on the workstation, under regime pci-pin/u);
    expect(python).toBe('refused');
  });

  it('under regime webtrust is judged by its lines, as any other', { timeout: 120_000 }, async () => {
    const [ts, sh, python] = await judged((text) => text.replace('\nsite:', '\nregime: webtrust\nsite:'));
    expect([ts.split(' ')[0], sh.split(' ')[0], python]).toEqual(['consistent', 'consistent', 'consistent']);
  });

  it('of a key of another length than the plan asks for is refused', { timeout: 120_000 }, async () => {
    const [ts, sh, python] = await judged((text) => text.replace('form: worksheet', 'form: worksheet, bits: 128'));
    expect(ts).toMatch(/^refused [^]*no set of shares was made as the plan asks for/u);
    expect(sh).toMatch(/^refused [^]*no set of shares was made as the plan asks for/u);
    expect(python).toBe('refused');
  });
});
