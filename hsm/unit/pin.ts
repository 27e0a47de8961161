/**
 * Asking people for PINs. What they give is zeroed by the asker; a PIN is never tried twice by the program. Where the token
 * has a pad of its own, nobody is asked here: the call that needs the PIN waits for them at the device.
 */
import { refused } from '../pkcs11/device-trouble';
import { hasProtectedPath, pinWarning, type PinRole, type TokenInfo } from '../pkcs11/token-info';
import type { Pin } from '../pkcs11/pin-bytes';
import type { Dialogue, PersonLink, PinChange } from '../contract';
import { secretBytes } from '../secret-bytes';

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
  /** Where one PIN takes the place of another: which of the two. */
  readonly change?: PinChange;
}

/** Longest PIN that is asked for, in bytes, where a token names no limit or a higher one. */
const LONGEST = 255;

/**
 * Asks for a PIN and gives it to `use`; zeroes it afterwards, whatever happens. A token with a pad of its own gets null:
 * people are told to type the PIN there, in however many parts they hold it, and `use` makes the one call that waits for
 * them. Before a final try the first of them confirms it. (Nothing of the workstation is between them and the token then,
 * so parts do not have to be joined.)
 *
 * @throws DeviceError `PIN_LOCKED` before anybody is asked, `PIN_HOLDER_MISSING` when fewer holders than parts are named;
 *   and what `use` throws
 */
export async function withPin<T>(
  question: PinQuestion,
  info: TokenInfo,
  link: PersonLink,
  use: (pin: Pin) => T,
): Promise<T> {
  const name = question.role === 'card' ? `the token of ${question.of}` : `unit ${question.of}`;
  const warning = question.make ? null : pinWarning(info, pinRole(question));
  if (warning === 'locked') {
    throw refused(
      'PIN_LOCKED',
      name,
      `the ${pinRole(question)} PIN is locked`,
      "A user PIN is set anew by the security officer (`unit.pin.unlock`); a locked security officer PIN needs the vendor's procedure.",
    );
  }
  const holders = holdersOf(question, name);
  if (hasProtectedPath(info)) {
    const { of, role, make } = question;
    const [holder] = holders;
    const change = changeIn(question);
    if (warning === 'final-try' && holder !== undefined)
      await link.ask({ kind: 'final-try', of, role, holder, ...change });
    // SECURITY(K-193): the flag alone decides; no PIN is taken past a pad, whatever plan and binding say of parts.
    return await link.atPad({ of, role, holders: [...new Set(holders)], make, warning, ...change }, () => use(null));
  }
  const parts: Uint8Array[] = [];
  let whole: Buffer | null = null;
  try {
    for (const [at, holder] of holders.entries()) {
      parts.push(await link.ask(dialogue(question, info, at + 1, holder, warning)));
    }
    whole = secretBytes(parts.reduce((length, part) => length + part.length, 0));
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

function changeIn({ change }: PinQuestion): { readonly change?: PinChange } {
  return change === undefined ? {} : { change };
}

/** One holder for each part. Throws DeviceError. */
function holdersOf({ holders, parts }: PinQuestion, name: string): string[] {
  return Array.from({ length: parts }, (_, at) => {
    const holder = holders[at];
    if (holder !== undefined) return holder;
    throw refused(
      'PIN_HOLDER_MISSING',
      name,
      `nobody is named for part ${String(at + 1)} of the PIN`,
      'Name a holder for each part in plan and binding.',
    );
  });
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
    ...changeIn(question),
    minimum: make ? Math.ceil(shortest / parts) : 1,
    maximum: make ? Math.floor(longest / parts) : longest,
    warning,
  };
}
