/** Whether a share is hidden on the page: it is at every sign that its custodian looks away, until they want to see it. */
import { type RefObject, useCallback, useEffect, useEffectEvent, useRef, useState } from 'react';

/** How long a share stays on the page without a key, in milliseconds. */
const HIDE_AFTER_MS = 5 * 60_000;

/** Why a share is hidden, in words. */
export const WHY_HIDDEN = {
  asked: 'Your share is hidden',
  looked: 'Hidden because you looked away',
  time: 'Hidden because no key was pressed for five minutes',
} as const;

type Why = keyof typeof WHY_HIDDEN;

interface Hiding {
  /** Null while it shows. */
  readonly hidden: Why | null;
  readonly hide: () => void;
  readonly show: () => void;
  /** The button that hides and shows: whoever hid by key or by looking away finds the focus there. */
  readonly button: RefObject<HTMLButtonElement | null>;
}

interface HidingOptions {
  readonly hiddenAtFirst: boolean;
  /** Whether there is something to hide. */
  readonly hasContent: boolean;
  /** Called when it shows again, once it does. */
  readonly onShown?: () => void;
}

/** Hides at Escape, when the window loses the focus or is covered, and after five minutes without a key. */
export function useHidden({ hiddenAtFirst, hasContent, onShown }: HidingOptions): Hiding {
  const [hidden, setHidden] = useState<Why | null>(hiddenAtFirst ? 'asked' : null);
  const button = useRef<HTMLButtonElement>(null);
  const hide = useCallback((why: Why) => setHidden((before) => before ?? why), []);
  useSignsOfLookingAway(hidden === null && hasContent, hide);
  const isHidden = hidden !== null;
  const wasHidden = useRef(isHidden);
  const turned = useEffectEvent(() => (isHidden ? button.current?.focus() : onShown?.()));
  useEffect(() => {
    if (isHidden !== wasHidden.current) turned();
    wasHidden.current = isHidden;
  }, [isHidden]);
  return { hidden, hide: () => hide('asked'), show: () => setHidden(null), button };
}

function useSignsOfLookingAway(shown: boolean, hide: (why: Why) => void): void {
  useEffect(() => {
    if (!shown) return undefined;
    let timer = setTimeout(() => hide('time'), HIDE_AFTER_MS);
    const onKey = (event: KeyboardEvent) => {
      clearTimeout(timer);
      timer = setTimeout(() => hide('time'), HIDE_AFTER_MS);
      if (event.key === 'Escape') hide('asked');
    };
    // SECURITY(K-71): who looks elsewhere does not watch over what is shown.
    const onLookingAway = () => hide('looked');
    const onCovered = () => {
      if (document.visibilityState === 'hidden') hide('looked');
    };
    window.addEventListener('keydown', onKey);
    window.addEventListener('blur', onLookingAway);
    document.addEventListener('visibilitychange', onCovered);
    return () => {
      clearTimeout(timer);
      window.removeEventListener('keydown', onKey);
      window.removeEventListener('blur', onLookingAway);
      document.removeEventListener('visibilitychange', onCovered);
    };
  }, [shown, hide]);
}
