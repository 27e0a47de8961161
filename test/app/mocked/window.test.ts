/** The window over a double of main: what it asks for, where the focus goes, what it says of failures. No device. */
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import { MockedApp } from './mocked-app';
import {
  bindingChoice,
  bindingMade,
  faultyPlan,
  firstCeremony,
  PAUSED,
  productionBinding,
  rehearsalBinding,
  sessionBinding,
  verdictAlone,
  verification,
  view,
} from './views';
import { sampled } from '../../sampled';

const test = sampled(3);

const HOME = view({ kind: 'home' });
const TROUBLE = {
  happened: 'The file first.ceremony.yaml is no plan: steps[3].units names unit-c, which is no unit.',
  changed: 'Nothing was changed.',
  next: 'Put the plan right, and open it again.',
};

let app: MockedApp;

beforeAll(async () => {
  app = await MockedApp.open(HOME, 'window');
}, 240_000);

afterAll(async () => {
  await app.close();
});

beforeEach(async () => {
  // Another screen between two tests: what was typed or opened is gone.
  await app.show(view(verdictAlone(null)));
  await app.show(HOME);
  await app.takeCalls();
});

const button = (name: string | RegExp) => app.page.getByRole('button', { name });
/** Presses a button that may be unavailable; Playwright's own click would wait for it. */
const press = async (name: string | RegExp) => {
  await button(name).focus();
  await app.page.keyboard.press('Enter');
};
const focusIsOn = (what: string) => expect.poll(() => app.focused()).toBe(what);

describe('the keyboard', () => {
  test('a new screen begins at its heading', async () => {
    await app.show(view({ kind: 'review', plan: firstCeremony() }));
    await focusIsOn('H1: First ceremony of the payments platform');
    await app.show(view(bindingChoice()));
    await focusIsOn('H1: Binding');
    await app.show(view(bindingMade(rehearsalBinding())));
    await focusIsOn('H1: Binding for a rehearsal ceremony');
    await app.show(view(verdictAlone(null)));
    await focusIsOn('H1: Verify a bundle');
    await app.show(view(verdictAlone(verification('refused'))));
    await focusIsOn('H2: Verdict: Refused');
  });

  test('the focus stays where it is when something else changes', async () => {
    await button('Open a plan file …').focus();
    await app.show({ ...HOME, theme: 'dark' });
    await focusIsOn('BUTTON: Open a plan file …');
  });

  test('the focus goes to the heading when what had it is gone', async () => {
    await app.show(view(bindingChoice('/media/parameters.json')));
    await button('Use a throw-away wrapping key').focus();
    await app.show(view(bindingChoice()));
    await focusIsOn('H1: Binding');
  });

  test('the way through a screen is open: from the heading to each action with Tab', async () => {
    await app.show(view(verdictAlone(null)));
    await app.show(HOME);
    await focusIsOn('H1: Key ceremonies');
    await app.page.keyboard.press('Tab');
    await focusIsOn('BUTTON: Open a plan file …');
    await app.page.keyboard.press('Enter');
    expect(await app.nextCall('plan.open-file')).toEqual({});
  });

  test('the first Tab from the top leads past the head of the window', async () => {
    await app.page.getByRole('link', { name: 'Skip to the content' }).focus();
    await app.page.keyboard.press('Enter');
    await app.page.keyboard.press('Tab');
    await focusIsOn('BUTTON: Open a plan file …');
    // Main answers the page at its own address only: the way there must not have changed it.
    await app.page.keyboard.press('Enter');
    expect(await app.nextCall('plan.open-file')).toEqual({});
  });
});

describe('a failure', () => {
  test('is announced in main’s words, takes the focus, and gives it back', async () => {
    await app.answer('plan.open-example', { trouble: TROUBLE });
    await button(/Review this example: First ceremony/).click();
    const alert = app.page.getByRole('alert');
    await alert.waitFor();
    for (const words of Object.values(TROUBLE)) expect(await alert.textContent()).toContain(words);
    await focusIsOn('DIV: alert');
    expect(await app.axe()).toEqual([]);
    await button('Put this message away').click();
    await alert.waitFor({ state: 'detached' });
    await focusIsOn('BUTTON: Review this example');
  });

  test('goes when the next thing is done', async () => {
    await app.answer('plan.open-example', { trouble: TROUBLE });
    await button(/Review this example: First ceremony/).click();
    await app.page.getByRole('alert').waitFor();
    await button('Look again').click();
    await app.page.getByRole('alert').waitFor({ state: 'detached' });
  });
});

describe('marks', () => {
  const band = (name: string) => app.page.getByRole('region', { name, exact: true });

  test('a rehearsal is marked over the whole width, in words', async () => {
    expect(await band('Rehearsal').count()).toBe(0);
    await app.show(view(bindingMade(rehearsalBinding())));
    expect(await band('Rehearsal').textContent()).toContain('REHEARSAL');
    const { width } = (await band('Rehearsal').boundingBox()) ?? { width: 0 };
    expect(width).toBe(await app.page.evaluate<number>('innerWidth'));
  });

  test('production is marked too, and never as a rehearsal', async () => {
    await app.show(view(bindingMade(productionBinding())));
    expect(await band('Production').textContent()).toContain('PRODUCTION');
    expect(await band('Rehearsal').count()).toBe(0);
  });

  test('an end-of-life runtime is named on each screen', async () => {
    const mark = app.page.getByText('Electron 25.1.1 is end-of-life, not for production');
    expect(await mark.isVisible()).toBe(true);
    await app.show(view(verdictAlone(null)));
    expect(await mark.isVisible()).toBe(true);
    await app.show({ ...HOME, runtime: { ...HOME.runtime, standing: 'supported' } });
    expect(await mark.count()).toBe(0);
  });

  test('colours follow what main says, and the choice is main’s', async () => {
    const theme = () => app.page.evaluate<string>('document.documentElement.dataset.carbonTheme');
    await app.show({ ...HOME, theme: 'dark' });
    await expect.poll(theme).toBe('g100');
    await app.show({ ...HOME, theme: 'light' });
    await expect.poll(theme).toBe('g10');
    await app.page.getByLabel('Colours').selectOption('dark');
    expect(await app.nextCall('theme.set')).toEqual({ theme: 'dark' });
    expect(await theme()).toBe('g10');
  });
});

describe('home', () => {
  test('the bundle of a sealed ceremony can be copied, and of no other', async () => {
    await app.show(HOME);
    const sealed = HOME.ceremonies.filter(({ status }) => status === 'closed');
    expect(await button(/^Copy…/).count()).toBe(sealed.length);
    await button(/^Copy…/)
      .first()
      .click();
    expect(await app.nextCall('ceremony.copy-bundle')).toEqual({ ceremony: sealed[0]!.ceremony });
  });

  test('a production ceremony goes on with nobody played', async () => {
    const [open] = HOME.ceremonies;
    await app.show({ ...HOME, ceremonies: [{ ...open!, mode: 'production' }] });
    await button(/^Go on with/).click();
    expect(await app.nextCall('ceremony.resume')).toEqual({ ceremony: open!.ceremony, playing: { who: 'nobody' } });
  });

  test('a rehearsal asks first who is played, and takes those who are here', async () => {
    await button(/^Go on with/).click();
    await focusIsOn('H2: Go on with the rehearsal First ceremony of the payments platform');
    await app.page.getByText('Play the others; I am …').click();
    await press('Go on with this rehearsal');
    expect(await app.takeCalls()).toEqual([]);
    expect(await app.page.getByText('Choose at least one person who you are').isVisible()).toBe(true);
    await app.page.getByText('Carol Castillo, custodian').click();
    await button('Go on with this rehearsal').click();
    expect(await app.nextCall('ceremony.resume')).toEqual({
      ceremony: 'first-ceremony-20261123-231500',
      playing: { who: 'others', me: ['custodians-1'] },
    });
  });

  test('a paused ceremony goes on with a binding made from the room, or from a file', async () => {
    await app.show({ ...HOME, ceremonies: [PAUSED] });
    expect(await app.page.getByText('Paused under seal').isVisible()).toBe(true);
    await button(/^Go on with/).click();
    await press('Look at the binding');
    const playing = { who: 'all' } as const;
    const { ceremony } = PAUSED;
    expect(await app.nextCall('ceremony.next-session')).toEqual({ ceremony, playing, from: 'room' });
    await app.page.getByText('A binding file', { exact: true }).click();
    await press('Open the binding…');
    expect(await app.nextCall('ceremony.next-session')).toEqual({ ceremony, playing, from: 'file' });
    // Without its room there is the file alone; in production nobody is played.
    await app.show({ ...HOME, ceremonies: [{ ...PAUSED, ceremony: 'without-room', room: false }] });
    await button(/^Go on with/).click();
    expect(await app.page.getByText(/^Keyrite makes it/).count()).toBe(0);
    await app.show({ ...HOME, ceremonies: [{ ...PAUSED, mode: 'production' }] });
    await button(/^Go on with/).click();
    const nobody = { ceremony, playing: { who: 'nobody' }, from: 'file' };
    expect(await app.nextCall('ceremony.next-session')).toEqual(nobody);
  });

  test('the binding of a session says in what it differs, and begins it', async () => {
    await app.show(view(sessionBinding()));
    await focusIsOn('H1: Binding for session 2 of a rehearsal ceremony');
    expect(await app.page.getByRole('table', { name: /^What differs/ }).innerText()).toContain('Wilma Wagner');
    await press(/^Begin session 2/);
    expect(await app.nextCall('ceremony.begin')).toEqual({});
    await app.show(view(sessionBinding(false)));
    expect(await app.page.getByText(/^Nothing: the same people/).isVisible()).toBe(true);
    await press('Not now: back to home');
    expect(await app.nextCall('binding.drop')).toEqual({});
  });

  test('whoever does not go on after all is back where they were', async () => {
    await button(/^Go on with/).click();
    await button('Not now').click();
    await focusIsOn('BUTTON: Go on');
    expect(await app.takeCalls()).toEqual([]);
  });

  test('what was not looked at is not called good', async () => {
    await app.show({ ...HOME, room: [] });
    expect(await app.page.getByText('Not looked at yet').isVisible()).toBe(true);
    expect(await app.page.getByText('Nothing found against a ceremony').count()).toBe(0);
  });

  test('nothing is asked for while main is busy', async () => {
    await app.show({ ...HOME, busy: 'Making the rehearsal room' });
    expect(await app.page.getByRole('status').filter({ hasText: 'Making the rehearsal room' }).count()).toBeGreaterThan(
      0,
    );
    await press('Open a plan file …');
    await press('Home');
    expect(await app.takeCalls()).toEqual([]);
  });
});

describe('review', () => {
  test('shows the hash in groups with their words, and all steps', async () => {
    const plan = firstCeremony();
    await app.show(view({ kind: 'review', plan }));
    const table = app.page.getByRole('table', { name: 'Hash of the plan, to be read aloud' });
    const shown = (await table.getByRole('cell').allTextContents()).map((cell) => cell.split(' '));
    expect(shown.map(([group]) => group).join('')).toBe(plan.sha256);
    expect(shown.flatMap(([, ...pair]) => pair).join(' ')).toBe(plan.words);
    for (const { title } of plan.steps) expect(await app.page.getByText(title, { exact: true }).isVisible()).toBe(true);
  });

  test('instructions are opened one by one, or all', async () => {
    const plan = firstCeremony();
    await app.show(view({ kind: 'review', plan }));
    const first = app.page.getByText(plan.steps[0]!.instructions[0]!);
    expect(await first.isVisible()).toBe(false);
    await app.page.getByText(plan.steps[0]!.title).click();
    expect(await first.isVisible()).toBe(true);
    await button('Open all instructions').click();
    expect(await app.page.getByText(plan.steps[4]!.instructions[0]!).isVisible()).toBe(true);
  });

  test('a good plan can be accepted', async () => {
    await app.show(view({ kind: 'review', plan: firstCeremony() }));
    await button('Accept this plan and go on to the binding').click();
    expect(await app.nextCall('plan.accept')).toEqual({});
  });

  test('a plan with errors cannot, and the button says why', async () => {
    await app.show(view({ kind: 'review', plan: faultyPlan() }));
    const accept = button('Accept this plan and go on to the binding');
    expect(await accept.getAttribute('aria-disabled')).toBe('true');
    await press('Accept this plan and go on to the binding');
    expect(await app.takeCalls()).toEqual([]);
    expect(await app.page.getByText('The checker finds 1 error: the plan cannot be carried out').isVisible()).toBe(
      true,
    );
  });
});

describe('binding', () => {
  test('a rehearsal is made with who is played and the names that were changed', async () => {
    await app.show(view(bindingChoice()));
    await app.page.getByText('Play nobody: everybody who takes part is here').click();
    await app.page.getByText('Other names for the people').click();
    await app.page.getByLabel('Witness (witness-1)').fill('  Walter Weiß ');
    await button('Make the throw-away tokens').click();
    expect(await app.nextCall('binding.make-rehearsal')).toEqual({
      playing: { who: 'nobody' },
      names: { 'witness-1': 'Walter Weiß' },
    });
  });

  test('a person without a name keeps it from being made', async () => {
    await app.show(view(bindingChoice()));
    await app.page.getByText('Other names for the people').click();
    await app.page.getByLabel('Witness (witness-1)').fill(' ');
    await press('Make the throw-away tokens');
    expect(await app.takeCalls()).toEqual([]);
    expect(await app.page.getByText('Each person needs a name of 1 to 200 characters').isVisible()).toBe(true);
  });

  test('wrapping parameters are chosen and put aside', async () => {
    await app.show(view(bindingChoice()));
    await button('Use a wrapping parameters file …').click();
    expect(await app.nextCall('binding.choose-parameters')).toEqual({});
    await app.show(view(bindingChoice('/media/payments-root.json')));
    await button('Use a throw-away wrapping key').click();
    expect(await app.nextCall('binding.forget-parameters')).toEqual({});
  });

  test('a good binding begins the ceremony', async () => {
    await app.show(view(bindingMade(rehearsalBinding())));
    await button('Begin the ceremony: approvals are signed first').click();
    expect(await app.nextCall('ceremony.begin')).toEqual({});
  });

  test('a binding of which something is not there does not', async () => {
    await app.show(view(bindingMade(productionBinding())));
    await press('Begin the ceremony: approvals are signed first');
    expect(await app.takeCalls()).toEqual([]);
    await button('Choose another binding').click();
    expect(await app.nextCall('binding.drop')).toEqual({});
  });
});

describe('verify', () => {
  const hash = () => app.page.getByLabel('Hash of the plan, if you have it');
  const choose = () => button('Choose the folder of a bundle …');

  test('without a hash none is given', async () => {
    await app.show(view(verdictAlone(null)));
    await choose().click();
    expect(await app.nextCall('verify.open-folder')).toEqual({ planHash: null });
  });

  test('a hash is taken as people write it', async () => {
    const { sha256 } = firstCeremony();
    await app.show(view(verdictAlone(null)));
    await hash().fill(sha256.toUpperCase().replace(/.{4}/g, '$& '));
    await choose().click();
    expect(await app.nextCall('verify.open-folder')).toEqual({ planHash: sha256 });
  });

  test('what is no hash is not sent, and said to be none', async () => {
    await app.show(view(verdictAlone(null)));
    await hash().fill('99d6 ccf3');
    expect(await app.page.getByText('64 digits are needed; these are 8').isVisible()).toBe(true);
    await hash().fill('word');
    expect(await app.page.getByText('Only the digits 0 to 9 and the letters a to f').isVisible()).toBe(true);
    await press('Choose the folder of a bundle …');
    expect(await app.takeCalls()).toEqual([]);
  });

  test('approvers’ keys are counted only when they were taken', async () => {
    await app.show(view(verdictAlone(null)));
    await app.answer('verify.add-approver', { value: false });
    await button('Take an approver’s public key …').click();
    await app.nextCall('verify.add-approver');
    expect(await app.page.getByText('No approver’s key was taken').isVisible()).toBe(true);
    await app.answer('verify.add-approver', { value: true });
    await button('Take an approver’s public key …').click();
    await app.page.getByText('1 approver’s key taken').waitFor();
  });

  test('starting again forgets what was brought along, as main does', async () => {
    await app.show(view(verdictAlone(null)));
    await hash().fill(firstCeremony().sha256);
    await app.answer('verify.add-approver', { value: true });
    await button('Take an approver’s public key …').click();
    await app.page.getByText('1 approver’s key taken').waitFor();
    await button('Verify a bundle').click();
    expect((await app.takeCalls()).map(({ name }) => name)).not.toContain('verify.show');
    await app.show(view(verdictAlone(verification('verified'))));
    expect(await hash().inputValue()).toBe(firstCeremony().sha256);
    await button('Verify a bundle').click();
    await app.nextCall('verify.show');
    await app.show(view(verdictAlone(null)));
    expect(await hash().inputValue()).toBe('');
    expect(await app.page.getByText('No approver’s key was taken').isVisible()).toBe(true);
  });

  test('only what was compared with the outside is called proven', async () => {
    await app.show(view(verdictAlone(verification('consistent'))));
    const verdict = app.page.getByRole('region', { name: 'Verdict: Consistent' });
    expect(await verdict.textContent()).toContain('nothing was compared with a source outside it');
    expect(await verdict.textContent()).not.toContain('matches');
    await app.show(view(verdictAlone(verification('verified'))));
    expect(await app.page.getByRole('region', { name: 'Verdict: Verified' }).textContent()).toContain(
      'matches what you brought along: the hash of the plan and 1 approver’s key',
    );
    await app.show(view(verdictAlone(verification('refused'))));
    expect(await app.page.getByRole('heading', { name: 'Proven', exact: true }).count()).toBe(0);
  });

  test('a hash that came from the run itself is not called one from outside, nor put into the field', async () => {
    const report = { ...verification('verified'), planHashFrom: 'run' as const, approverKeys: [] };
    await app.show(view({ kind: 'home' }));
    await app.show(view(verdictAlone(report)));
    const verdict = (await app.page.getByRole('region', { name: 'Verdict: Verified' }).textContent()) ?? '';
    expect(verdict).toContain('its plan is the one that was reviewed in this run');
    expect(verdict).toContain('its hash came from this Keyrite. Compare it with the printed script');
    expect(verdict).not.toContain('brought along');
    expect(await app.page.locator('main').innerText()).not.toMatch(/from outside match/);
    expect(await hash().inputValue()).toBe('');
  });
});
