/** What one can do with the screen, always in sight at its lower edge. */
import './action-bar.scss';
import type { ReactNode } from 'react';

/** The bar; the primary action comes first. */
export function ActionBar({ children }: { readonly children: ReactNode }) {
  return <div className="action-bar">{children}</div>;
}
