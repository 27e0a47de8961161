/**
 * Pictures of what a rehearsal seldom shows, or only for a moment: the app's own window over a double of main, in states
 * that tests hold it to. `npm run screens` takes them with the others.
 */
import type { AppView } from '../../ipc/view';
import { auditStates } from './mocked/audit-views';
import { MockedApp, type Size } from './mocked/mocked-app';
import { RUNS, runAppView } from './mocked/run-views';
import { SCREENS } from './mocked/views';

/** A state by the name of its picture. */
const STATES: readonly (readonly [string, () => AppView])[] = [
  ['review-errors', () => SCREENS['review-errors']?.() ?? missing('review-errors')],
  ['run-roll-call', () => runAppView(RUNS['working-rollcall']())],
  ['run-working', () => runAppView(RUNS['working-short']())],
  ['run-working-long', () => runAppView(RUNS['working-long']())],
  ['run-not-copied', () => runAppView(RUNS['ended-not-copied']())],
];

/** Takes them. `file`: path of a picture by its name, such as `run-working`, and variant, such as `1280x800-dark`. */
export async function shootSeldom(
  sizes: readonly Size[],
  file: (name: string, variant: string) => string,
): Promise<void> {
  const app = await MockedApp.open(runAppView(RUNS['begin-plain']()), 'screens');
  const audited = await auditStates();
  const shoot = async (name: string, state: AppView, prepare: () => Promise<void> = () => Promise.resolve()) => {
    for (const size of sizes) {
      await app.resize(size);
      for (const theme of ['light', 'dark'] as const) {
        await app.show({ ...state, theme });
        await prepare();
        await app.page.screenshot({ path: file(name, `${String(size.width)}x${String(size.height)}-${theme}`) });
      }
    }
  };
  try {
    for (const [name, state] of STATES) await shoot(name, state());
    for (const [name, tab] of [
      ['refused', 'Verdict'],
      ['compared', 'Comparison'],
    ] as const) {
      const { view, page, lineOf } = audited.states[name] ?? missing(name);
      await app.answer('audit.place', { value: 0 });
      await app.answer('audit.lines', { value: page });
      await app.answer('audit.line', { value: await lineOf(0) });
      await shoot(`verify-${name}`, view, () => app.page.getByRole('tab', { name: tab }).click());
    }
  } finally {
    audited.remove();
    await app.close();
  }
}

function missing(name: string): never {
  throw new RangeError(`state: expected one that tests have, got ${name}`);
}
