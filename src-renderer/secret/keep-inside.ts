/** Closes the ways by which what a secret window holds could be copied out of it, or something be put in. */
const REFUSED = ['copy', 'cut', 'paste', 'drop', 'dragover', 'dragstart', 'contextmenu', 'auxclick'] as const;

/**
 * Refuses clipboard, dragging and menus in the whole page. What is selected goes to other programs on X11 without being
 * copied, so nothing can be selected either, but in an input field: and those stay empty (key-field.tsx).
 */
export function keepInside(target: Window): void {
  for (const name of REFUSED) {
    target.addEventListener(
      name,
      // SECURITY(K-74): nothing leaves by clipboard, selection, dragging or menu, and nothing that is not typed comes in.
      (event) => {
        event.preventDefault();
        event.stopImmediatePropagation();
      },
      { capture: true },
    );
  }
  target.addEventListener(
    'selectstart',
    (event) => {
      if (!(event.target instanceof HTMLInputElement)) event.preventDefault();
    },
    { capture: true },
  );
}
