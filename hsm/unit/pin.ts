/** Asking people for PINs. What they give is zeroed by the asker; a PIN is never tried twice by the program. */
import { refused } from '../pkcs11/device-trouble';
import { hasProtectedPath, pinWarning, type PinRole, type TokenInfo } from '../pkcs11/token-info';
import type { Dialogue, PersonLink } from '../contract';

/** Whose PIN is asked for, and of whom. */
export interface PinQuestion {
  /** Unit or participant. */
  readonly of: string;
  readonly role: 'user' | 'security-officer' | 'card';
  readonly parts: 1 | 2;
  /** Who enters the parts, in order. */
  readonly holders: readonly string[];
  /** True when the PIN is made now. */
  readonly make: boolean;
}

/** Longest PIN that is asked for, in bytes, where a token names no limit or a higher one. */
const LONGEST = 255;

/**
 * Asks for a PIN and gives it to `use`; zeroes it afterwards, whatever happens.
 *
 * @throws DeviceError `PIN_LOCKED` before anybody is asked, `PROTECTED_PATH` for a token that takes its PIN on its own
 *   pad, `PIN_HOLDER_MISSING` when fewer holders than parts are named; and what `use` throws
 */
export async function withPin<T>(
  question: PinQuestion,
  info: TokenInfo,
  link: PersonLink,
  use: (pin: Uint8Array) => T,
): Promise<T> {
  const name = question.role === 'card' ? `the token of ${question.of}` : `unit ${question.of}`;
  if (hasProtectedPath(info)) {
    throw refused(
      'PROTECTED_PATH',
      name,
      'the token takes its PIN on a pad of its own, which this version cannot drive',
      'Use a token without a PIN pad.',
    );
  }
  const warning = question.make ? null : pinWarning(info, pinRole(question));
  if (warning === 'locked') {
    throw refused(
      'PIN_LOCKED',
      name,
      `the ${pinRole(question)} PIN is locked`,
      "A user PIN is set anew by the security officer; a locked security officer PIN needs the vendor's procedure.",
    );
  }
  const parts: Uint8Array[] = [];
  let whole: Buffer | null = null;
  try {
    for (let part = 1; part <= question.parts; part += 1) {
      const holder = question.holders[part - 1];
      if (holder === undefined) {
        throw refused(
          'PIN_HOLDER_MISSING',
          name,
          `nobody is named for part ${String(part)} of the PIN`,
          'Name a holder for each part in plan and binding.',
        );
      }
      parts.push(await link.ask(dialogue(question, info, part, holder, warning)));
    }
    whole = Buffer.alloc(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return use(whole);
  } finally {
    // SECURITY(K-02): whatever happened, what we hold of the PIN goes now.
    whole?.fill(0);
    for (const part of parts) part.fill(0);
  }
}

function pinRole(question: PinQuestion): PinRole {
  return question.role === 'security-officer' ? 'security-officer' : 'user';
}

function dialogue(
  question: PinQuestion,
  info: TokenInfo,
  part: number,
  holder: string,
  warning: 'count-low' | 'final-try' | null,
): Dialogue {
  const { of, role, parts, make } = question;
  const longest = info.maxPin > 0 ? Math.min(info.maxPin, LONGEST) : LONGEST;
  const shortest = Math.min(Math.max(info.minPin, 1), longest);
  // Each of two parts gets half of what the token allows, so that any two of them fit together.
  return {
    kind: 'pin',
    of,
    role,
    part,
    parts,
    holder,
    make,
    minimum: make ? Math.ceil(shortest / parts) : 1,
    maximum: make ? Math.floor(longest / parts) : longest,
    warning,
  };
}
