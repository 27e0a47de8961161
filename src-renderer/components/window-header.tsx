/** The head of the window: where one is, where one can go, and what Keyrite runs on. */
import './window-header.scss';
import { Select, SelectItem } from './carbon';
import type { AppView, RuntimeView } from '../../ipc/view';
import { act } from '../store';
import { Icon } from './icon';

const THEMES = ['system', 'light', 'dark'] as const;
const THEME_WORDS = { system: 'As the system', light: 'Light', dark: 'Dark' } as const;

/** The head, from the view. */
export function WindowHeader({ view }: { readonly view: AppView }) {
  return (
    <header className="window-header">
      <p className="window-header__name">
        <strong>Keyrite</strong> <span className="quiet">{view.runtime.version}</span>
      </p>
      <Ways view={view} />
      <RuntimeMark runtime={view.runtime} />
      <Select
        id="theme"
        labelText="Colours"
        inline
        size="sm"
        className="window-header__theme"
        value={view.theme}
        onChange={(event) => {
          const theme = THEMES.find((one) => one === event.target.value);
          if (theme !== undefined) void act('theme.set', { theme });
        }}
      >
        {THEMES.map((theme) => (
          <SelectItem key={theme} value={theme} text={THEME_WORDS[theme]} />
        ))}
      </Select>
    </header>
  );
}

/** Home and verification; while a ceremony runs neither, since it is left by stopping it. */
function Ways({ view: { screen, busy } }: { readonly view: AppView }) {
  if (screen.kind === 'run' && screen.run.task.kind !== 'ended') {
    return (
      <p className="window-header__where" title={screen.run.title}>
        {screen.run.title}
      </p>
    );
  }
  // Nothing was verified yet: main would forget the keys that were taken, and the form would not know.
  const fresh = screen.kind === 'verify' && screen.report === null;
  const way = (name: 'home.show' | 'verify.show', label: string, here: boolean) => (
    <li>
      <button
        type="button"
        className="window-header__way"
        aria-current={here ? 'page' : undefined}
        aria-disabled={busy !== null}
        onClick={() => {
          if (busy === null && !(here && fresh)) void act(name, {});
        }}
      >
        {label}
      </button>
    </li>
  );
  return (
    <nav aria-label="Keyrite">
      <ul className="window-header__ways">
        {way('home.show', 'Home', screen.kind === 'home')}
        {way('verify.show', 'Verify a bundle', screen.kind === 'verify')}
      </ul>
    </nav>
  );
}

/** What the program runs on, where that matters: an end-of-life runtime is said all the time. */
function RuntimeMark({ runtime }: { readonly runtime: RuntimeView }) {
  switch (runtime.standing) {
    case 'supported':
      return <p className="window-header__runtime quiet">Electron {runtime.electron}</p>;
    case 'development':
      return (
        <p className="window-header__runtime window-header__runtime--old">
          <Icon name="warning" />
          <span>Development runtime: Electron {runtime.electron} is end-of-life, not for production</span>
        </p>
      );
    case 'test':
      return (
        <p className="window-header__runtime window-header__runtime--old">
          <Icon name="warning" />
          <span>Test build: Electron {runtime.electron} is admitted for tests only</span>
        </p>
      );
  }
}
