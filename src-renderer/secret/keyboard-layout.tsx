/** Which layout the workstation has this keyboard for: one that is printed otherwise would change a PIN typed blind. */
import { useEffect, useState } from 'react';

/** Keys that tell layouts from one another, as an English keyboard has them. */
const TELLING = { KeyQ: 'q', KeyY: 'y', KeyZ: 'z', Semicolon: ';', Minus: '-' } as const;

/** Layouts by what those keys give. */
const NAMES: Readonly<Record<string, string>> = {
  'q y z ; -': 'QWERTY, English',
  'q z y ö ß': 'QWERTZ, German or Austrian',
  "q z y ö '": 'QWERTZ, Swiss German',
  "q z y é '": 'QWERTZ, Swiss French',
  'a y w m )': 'AZERTY, French or Belgian',
  "q y z ñ '": 'QWERTY, Spanish',
  "q y z ò '": 'QWERTY, Italian',
  "q y z ç '": 'QWERTY, Portuguese',
  'q y z ç -': 'QWERTY, Brazilian',
  'q y z ö +': 'QWERTY, Swedish or Finnish',
  'q y z æ +': 'QWERTY, Danish',
  'q y z ø +': 'QWERTY, Norwegian',
  "' f ; s [": 'Dvorak',
  'q j z o -': 'Colemak',
};

/** What Chromium has beyond the standard: the page is told what each key gives, and needs no more rights for it. */
interface NavigatorWithKeys {
  readonly keyboard?: { getLayoutMap(): Promise<ReadonlyMap<string, string>> };
}

export function KeyboardLayout() {
  const [words, setWords] = useState('');
  useEffect(() => {
    let isOver = false;
    const read = () => {
      void readLayout().then((found) => {
        if (!isOver) setWords(found);
      });
    };
    read();
    // Whoever changes the layout does it in another window.
    window.addEventListener('focus', read);
    return () => {
      isOver = true;
      window.removeEventListener('focus', read);
    };
  }, []);
  return <p className="keyboard-layout small">{words}</p>;
}

async function readLayout(): Promise<string> {
  try {
    const keys = await (navigator as NavigatorWithKeys).keyboard?.getLayoutMap();
    if (keys === undefined || keys.size === 0) return UNTOLD;
    const given = Object.keys(TELLING).map((key) => keys.get(key) ?? '?');
    const name = NAMES[given.join(' ')] ?? 'one without a name here';
    return `Keyboard layout: ${name}. The keys ${Object.values(TELLING).join(' ')} give ${given.join(' ')}`;
  } catch {
    return UNTOLD;
  }
}

const UNTOLD = 'The system does not tell the layout of the keyboard: test it';
