/** What C_GetTokenInfo says of a token, and what its flags mean. Recorded, never believed. */

/** PIN roles of a token. */
export type PinRole = 'user' | 'security-officer';

/** How near a PIN is to being locked. */
export type PinWarning = 'count-low' | 'final-try' | 'locked';

/** A token as it describes itself. */
export interface TokenInfo {
  readonly label: string;
  readonly serial: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly firmware: string;
  readonly flags: number;
  /** Shortest and longest PIN in bytes, as the token says. */
  readonly minPin: number;
  readonly maxPin: number;
}

const FLAG = { userPinInitialised: 0x8, protectedPath: 0x100, initialised: 0x400 } as const;

/** CKF_*_PIN_COUNT_LOW, FINAL_TRY, LOCKED and TO_BE_CHANGED. */
const PIN_FLAGS = {
  user: { 'count-low': 0x10000, 'final-try': 0x20000, locked: 0x40000, 'to-be-changed': 0x80000 },
  'security-officer': { 'count-low': 0x100000, 'final-try': 0x200000, locked: 0x400000, 'to-be-changed': 0x800000 },
} as const;

/** Whether the token says that it is initialised. */
export function isInitialised(info: TokenInfo): boolean {
  return (info.flags & FLAG.initialised) !== 0;
}

/** Whether a user PIN has been set. */
export function hasUserPin(info: TokenInfo): boolean {
  return (info.flags & FLAG.userPinInitialised) !== 0;
}

/** Whether the token takes its PIN on a pad of its own. */
export function hasProtectedPath(info: TokenInfo): boolean {
  return (info.flags & FLAG.protectedPath) !== 0;
}

/** How near the PIN of a role is to being locked; null when it is not. An uninitialised token has no PINs: SoftHSM2 sets flags there that mean nothing. */
export function pinWarning(info: TokenInfo, role: PinRole): PinWarning | null {
  if (!isInitialised(info)) return null;
  const flags = PIN_FLAGS[role];
  for (const warning of ['locked', 'final-try', 'count-low'] as const) {
    if ((info.flags & flags[warning]) !== 0) return warning;
  }
  return null;
}

/** PIN flags that are set, such as `user-final-try`; empty for an uninitialised token. */
export function pinFlags(info: TokenInfo): string[] {
  if (!isInitialised(info)) return [];
  return (['user', 'security-officer'] as const).flatMap((role) =>
    Object.entries(PIN_FLAGS[role]).flatMap(([name, bit]) => ((info.flags & bit) === 0 ? [] : [`${role}-${name}`])),
  );
}
