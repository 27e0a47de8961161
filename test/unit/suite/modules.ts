/** The modules that the suite runs on, and what each of them does its own way: asserted, never passed over. */
import { existsSync } from 'node:fs';
import type { Module } from '../../../ceremony/plan/binding-schema';
import { makeNssStore } from '../../../workstation/rehearsal/nss-store';
import { makeOpencryptokiStore } from '../../../workstation/rehearsal/opencryptoki-store';
import { makeSoftHsmStore } from '../../../workstation/rehearsal/softhsm-store';

/** The unit's label in every suite. */
export const LABEL = 'KR-A';

/** What was found of a module, call by call; `docs/hsm-support.md` says the same in words. */
export interface Ways {
  /** What the user sees of a token that nobody initialised. */
  readonly blank: {
    readonly label: RegExp;
    readonly readFails: string;
    /** What becomes of another process that opens a session on it. */
    readonly othersSession: RegExp;
  };
  /** The refusal of a second C_InitToken where a crash may have come after the first; null: it is made. */
  readonly initialisedAgain: string | null;
  /** The code that the first C_InitToken gives while another process has a session on the token; null: it is in nobody's way. */
  readonly othersSession: string | null;
  /** The refusal of another label than the library parameters give; null: any label can be given. */
  readonly otherLabel: string | null;
  /** The flags that the token shows after each wrong user PIN, until it locks; null in place of what a lock does not do. */
  readonly wrongUserPins: readonly (readonly string[])[];
  readonly wrongOfficerPins: readonly (readonly string[])[];
  readonly locks: boolean;
  readonly identity: string;
  readonly stateKept: 'token' | 'none';
  /** Hash of the OAEP by which a master key comes in. */
  readonly importOaep: 'sha1' | 'sha256';
  /** What the token made of the unwrapped key otherwise than asked. */
  readonly hardened: readonly string[];
  /** Hashes by which it wraps a root key out. */
  readonly wrapsBy: readonly ('sha1' | 'sha256')[];
  readonly gcm: boolean;
  /** Usages that a master key has. */
  readonly masterKeyUses: readonly string[];
  /** Whether a key is said to have been made in the token. */
  readonly local: boolean;
}

/** A module of the suite. */
export interface ModuleUnderTest {
  readonly name: string;
  readonly ways: Ways;
  /** Whether pkcs11-tool can open it as it stands: NSS wants parameters that it cannot give. */
  readonly isOpenToTools: boolean;
  /** Makes a token of its own in a folder. */
  readonly make: (room: string) => Module;
}

const SOFTHSM2: ModuleUnderTest = {
  name: 'SoftHSM2',
  isOpenToTools: true,
  make: (room) => makeSoftHsmStore(room, 'units'),
  ways: {
    blank: { label: /^$/, readFails: 'TOKEN_NOT_INITIALISED', othersSession: /CKR_TOKEN_NOT_RECOGNIZED/ },
    initialisedAgain: null,
    othersSession: null,
    otherLabel: null,
    wrongUserPins: [['user-count-low'], ['user-count-low'], ['user-count-low'], ['user-count-low']],
    wrongOfficerPins: [['security-officer-count-low'], ['security-officer-count-low']],
    locks: false,
    identity: 'ecdsa-p256-sha256',
    stateKept: 'token',
    importOaep: 'sha1',
    hardened: [],
    wrapsBy: ['sha1'],
    gcm: true,
    masterKeyUses: ['CKA_SIGN', 'CKA_WRAP', 'CKA_UNWRAP'],
    local: true,
  },
};

const NSS: ModuleUnderTest = {
  name: 'NSS softoken',
  isOpenToTools: false,
  make: (room) => makeNssStore(room, 'units', [LABEL]),
  ways: {
    blank: { label: /^KR-A$/, readFails: 'TOKEN_NOT_INITIALISED', othersSession: /^open$/ },
    initialisedAgain: null,
    othersSession: null,
    otherLabel: 'TOKEN_LABEL',
    wrongUserPins: [[], [], [], []],
    wrongOfficerPins: [],
    locks: false,
    identity: 'ecdsa-p256-sha256',
    stateKept: 'none',
    importOaep: 'sha256',
    hardened: [],
    wrapsBy: ['sha256', 'sha1'],
    gcm: true,
    masterKeyUses: ['CKA_SIGN', 'CKA_WRAP', 'CKA_UNWRAP'],
    local: false,
  },
};

const OPENCRYPTOKI: ModuleUnderTest = {
  name: 'opencryptoki',
  isOpenToTools: true,
  make: (room) => makeOpencryptokiStore(room, 'units'),
  ways: {
    blank: { label: /./, readFails: 'TOKEN_NOT_INITIALISED', othersSession: /^open$/ },
    initialisedAgain: 'TOKEN_INITIALISED',
    othersSession: 'CKR_SESSION_EXISTS',
    otherLabel: null,
    wrongUserPins: [['user-count-low'], ['user-final-try'], ['user-locked']],
    wrongOfficerPins: [['security-officer-count-low']],
    locks: true,
    identity: 'rsa-pss-sha256',
    stateKept: 'token',
    importOaep: 'sha256',
    hardened: ['CKA_SENSITIVE', 'CKA_EXTRACTABLE'],
    wrapsBy: ['sha256', 'sha1'],
    gcm: false,
    masterKeyUses: ['CKA_ENCRYPT', 'CKA_SIGN', 'CKA_WRAP', 'CKA_UNWRAP'],
    local: true,
  },
};

/** Every module. opencryptoki's daemon needs folders of its own in a namespace, which only root can give it. */
export const MODULES: readonly ModuleUnderTest[] = [SOFTHSM2, NSS, OPENCRYPTOKI];

/** Why a module cannot be run on here; null when it can. */
export function whyNot({ name }: ModuleUnderTest): string | null {
  if (name !== OPENCRYPTOKI.name) return null;
  if (process.getuid?.() !== 0) return 'opencryptoki was NOT RUN: it takes root';
  return existsSync('/usr/sbin/pkcsslotd') ? null : 'opencryptoki was NOT RUN: it is not installed';
}
