/** What axe-core finds wrong on a page, in both colour schemes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { ROOT } from '../../rules/lint-text';

const AXE = readFileSync(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');

/** Violations on the page as it stands, one line for each element. */
export async function axeOf(page: Page): Promise<string[]> {
  await settled(page);
  if (!(await page.evaluate<boolean>('typeof axe === "object"'))) await page.evaluate(AXE);
  return await page.evaluate<string[]>(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.flatMap(
      ({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ': ' + html + ' ' + failureSummary)))`,
  );
}

/**
 * Colours go over into others within a moment, when the scheme changes or a button has the focus: waits until all that is
 * moving has come to its end.
 */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(() => done()));
    await frame();
    await frame();
    const ending = document.getAnimations().filter(({ effect }) => effect.getComputedTiming().endTime < 60_000);
    await Promise.all(ending.map((one) => one.finished.catch(() => null)));
  })()`);
}

/** Violations in light and in dark. The page is left light. */
export async function axeInBothSchemes(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    found.push(...(await axeOf(page)).map((line) => `${colorScheme}: ${line}`));
  }
  return found;
}
