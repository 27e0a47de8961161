/** The main window: its marks, its ways, and the screen that main says it shows. */
import './app.scss';
import { InlineLoading } from './components/carbon';
import { type MouseEvent, useEffect } from 'react';
import type { AppView, ScreenView } from '../ipc/view';
import { ModeBand } from './components/mode-band';
import { TroubleAlert } from './components/trouble-alert';
import { WindowHeader } from './components/window-header';
import { BindingScreen } from './screens/binding/binding-screen';
import { HomeScreen } from './screens/home/home-screen';
import { ReviewScreen } from './screens/review/review-screen';
import { RunScreen } from './screens/run/run-screen';
import { VerifyScreen } from './screens/verify/verify-screen';
import { dismissTrouble, useWindow } from './store';
import { useTheme } from './theme';

/** Everything in the window, from the store. */
export function App() {
  const view = useWindow((state) => state.view);
  const trouble = useWindow((state) => state.trouble);
  const busy = view?.busy ?? null;
  useTheme(view?.theme ?? 'system');
  useFocusKept(view);

  return (
    <div className="app">
      <a className="app__skip" href="#content" onClick={skip}>
        Skip to the content
      </a>
      {view === null ? null : <WindowHeader view={view} />}
      <main id="content" className={`app__main app__main--${view?.screen.kind ?? 'none'}`} tabIndex={-1}>
        {trouble === null ? null : (
          <div className="app__trouble">
            <TroubleAlert trouble={trouble} onDismiss={dismissTrouble} />
          </div>
        )}
        {view === null ? null : <Screen screen={view.screen} view={view} />}
      </main>
      <div className="app__busy" role="status">
        {busy === null ? null : <InlineLoading status="active" description={busy} aria-live="off" />}
      </div>
      {view === null ? null : <Mode screen={view.screen} />}
    </div>
  );
}

/** Only the focus moves: main answers the page at its own address, and `#content` would be another one. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

function Screen({ screen, view }: { readonly screen: ScreenView; readonly view: AppView }) {
  switch (screen.kind) {
    case 'home':
      return <HomeScreen view={view} />;
    case 'review':
      return <ReviewScreen key={screen.plan.sha256} plan={screen.plan} />;
    case 'binding':
      return <BindingScreen screen={screen} />;
    case 'run':
      return <RunScreen run={screen.run} view={view} />;
    case 'verify':
      return <VerifyScreen screen={screen} ceremonies={view.ceremonies} />;
  }
}

/** The band stands first on the screen; it comes last in the order of reading, since it says the same all the time. */
function Mode({ screen }: { readonly screen: ScreenView }) {
  if (screen.kind === 'run') return <ModeBand mode={screen.run.mode} />;
  if (screen.kind === 'binding' && screen.binding !== null) return <ModeBand mode={screen.binding.mode} />;
  return null;
}

/** When what had the focus is gone, the focus goes to the heading of the screen instead of nowhere. */
function useFocusKept(view: AppView | null): void {
  useEffect(() => {
    if (document.activeElement === null || document.activeElement === document.body) {
      document.querySelector<HTMLElement>('main h1')?.focus();
    }
  }, [view]);
}
