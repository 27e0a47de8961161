/** Light or dark: as main says, or as the system has it. */
import { useEffect } from 'react';
import type { AppView } from '../ipc/view';

const DARK = '(prefers-color-scheme: dark)';

/** Keeps `data-carbon-theme` of the page as the theme says, and as the system has it where the theme follows that. */
export function useTheme(theme: AppView['theme']): void {
  useEffect(() => {
    const system = window.matchMedia(DARK);
    const apply = () => {
      const dark = theme === 'dark' || (theme === 'system' && system.matches);
      document.documentElement.dataset['carbonTheme'] = dark ? 'g100' : 'g10';
    };
    apply();
    system.addEventListener('change', apply);
    return () => system.removeEventListener('change', apply);
  }, [theme]);
}
