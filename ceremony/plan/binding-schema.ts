/** The binding (`*.binding.yaml`): which people, keys, modules, tokens and media stand for the plan's names on the day. */
import * as v from 'valibot';
import { SIGNATURE_ALGORITHMS } from '../command/dsse';
import { UnitState } from '../command/unit-state';
import { Balance } from '../custody/ledger';
import { ShareBalance } from '../custody/share-sets';
import { MAX_KEY_STORES } from '../keypackage/key-kinds';
import { AgeRecipient, Base64, Id, Name, Sha256Hex } from '../text-forms';

/** Absolute path of a file on the workstation. */
const Path = v.pipe(v.string(), v.regex(/^\/[^\0]*$/, 'expected an absolute path'), v.maxLength(4001));

/** How a token is found before its identity is proven. Serial and label only pre-select; slots are never trusted. */
const TokenAddress = v.strictObject({
  /**
   * `blank`: an uninitialised token of the module (SoftHSM2 has one spare slot), and of several the one that shows the
   * label that the plan gives (NSS labels its tokens itself); else label and serial as given.
   */
  blank: v.optional(v.boolean(), false),
  label: v.optional(v.pipe(v.string(), v.maxLength(32))),
  serial: v.optional(v.pipe(v.string(), v.maxLength(16))),
});
export type TokenAddress = v.InferOutput<typeof TokenAddress>;

const BoundKey = v.strictObject({
  algorithm: v.picklist(SIGNATURE_ALGORITHMS),
  spki: Base64,
  holder: v.picklist(['token', 'file']),
});

const Person = v.strictObject({
  id: Id,
  name: Name,
  /** Position of the plan that the person takes. */
  position: Id,
  /** Whom the person works for, so that a reader can tell who is independent of whom. */
  organisation: v.optional(Name),
  key: BoundKey,
  /** The person's own token, for keys held by a token. */
  token: v.optional(
    v.strictObject({ module: Id, address: TokenAddress, keyLabel: v.pipe(v.string(), v.maxLength(200)) }),
  ),
  /** The encrypted PKCS#8 or PKCS#12 file of the person's key, for keys held by a file. */
  keyFile: v.optional(Path),
  /** A custodian's own age recipient, and where their identity is once their medium is in; without that they type it. */
  age: v.optional(v.strictObject({ recipient: AgeRecipient, identityFile: v.optional(Path) })),
});
export type Person = v.InferOutput<typeof Person>;

/** A seat for somebody who is enrolled on the day: their name is asked and their key read from the token there. */
const OpenSeat = v.strictObject({
  id: Id,
  position: Id,
  token: v.strictObject({ module: Id, address: TokenAddress, keyLabel: v.pipe(v.string(), v.maxLength(200)) }),
});
export type OpenSeat = v.InferOutput<typeof OpenSeat>;

const Module = v.strictObject({
  id: Id,
  path: Path,
  /** SHA-256 of the module file; a module with another hash is never loaded. */
  sha256: Sha256Hex,
  /** The string some modules (NSS) want at C_Initialize. */
  libraryParameters: v.optional(v.pipe(v.string(), v.maxLength(4000))),
  /** Variables of the module's worker, and of nothing else. Some vendors write theirs in small letters too. */
  environment: v.array(
    v.strictObject({ name: v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/)), value: v.string() }),
  ),
  /** Configuration files the module reads, with their hashes. */
  files: v.array(v.strictObject({ path: Path, sha256: Sha256Hex })),
  /** Network links of network HSMs: interface of the workstation, name or address of the HSM, port. No other may be up. */
  links: v.array(
    v.strictObject({
      interface: v.pipe(v.string(), v.regex(/^[!-.0-~]{1,15}$/, 'expected the name of a network interface')),
      peer: Name,
      port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
    }),
  ),
});
export type Module = v.InferOutput<typeof Module>;

/** What PKCS#11 does not tell: how people saw the device stand, and the certificate they compared it with. */
const Fips = v.strictObject({
  /** The validation, such as `CMVP 4718`. */
  certificate: Name,
  /** Overall level of FIPS 140. */
  level: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4)),
  /** Whether the device showed itself in its approved mode. */
  mode: v.picklist(['approved', 'not-approved']),
  /** Who looked: people of this binding. */
  seenBy: v.pipe(v.array(Id), v.minLength(1), v.maxLength(16)),
});

const BoundUnit = v.strictObject({
  id: Id,
  module: Id,
  address: TokenAddress,
  fips: v.optional(Fips),
  /** From the last verified bundle; null for a unit that has no history with Keyrite. */
  lastKnown: v.nullable(
    v.strictObject({
      /** The unit's id: SHA-256 of the SPKI of its identity key. */
      identity: Sha256Hex,
      identitySpki: Base64,
      stateSha256: Sha256Hex,
      counter: v.pipe(v.number(), v.integer(), v.minValue(0)),
      /** The state itself, by that bundle: needed where the token keeps none (NSS), else the token's counts. */
      state: v.optional(UnitState),
    }),
  ),
});
export type BoundUnit = v.InferOutput<typeof BoundUnit>;

/** The whole binding. Unknown keys are refused. */
export const Binding = v.strictObject({
  keyrite: v.literal('binding/1'),
  /** Id of this ceremony, different for every run. */
  ceremony: Id,
  mode: v.picklist(['rehearsal', 'production']),
  /** The plan hash it belongs to. */
  plan: Sha256Hex,
  people: v.pipe(v.array(Person), v.minLength(1), v.maxLength(200)),
  /** Seats of people who are enrolled on the day; none where the plan enrols nobody. */
  enrol: v.optional(v.pipe(v.array(OpenSeat), v.maxLength(64))),
  /** What the workstation was started from: the image of the operating system and its SHA-256, as people checked them. */
  workstation: v.optional(v.strictObject({ image: Name, sha256: Sha256Hex })),
  modules: v.pipe(v.array(Module), v.minLength(1), v.maxLength(32)),
  units: v.pipe(v.array(BoundUnit), v.maxLength(64)),
  wrappingParameters: v.array(v.strictObject({ id: Id, file: Path })),
  media: v.array(v.strictObject({ id: Id, path: Path })),
  /**
   * Printers that shares are printed on: the device of each, such as `/dev/usb/lp0`, and a language that it takes as it is. In a
   * rehearsal with a room, a folder of the room stands for one.
   */
  printers: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          id: Id,
          path: v.pipe(v.string(), v.maxLength(4001)),
          language: v.picklist(['pdf', 'postscript']),
        }),
      ),
      v.maxLength(16),
    ),
  ),
  /** Folders of the plan's key stores. */
  keyStores: v.optional(v.pipe(v.array(v.strictObject({ id: Id, path: Path })), v.maxLength(MAX_KEY_STORES))),
  /** The custody ledger at the end of the last verified bundle that has one; none where there was none before. */
  custody: v.optional(Balance),
  /** The sets of shares at the end of the last verified bundle that has any; none where there were none before. */
  shareSets: v.optional(ShareBalance),
  /** Rehearsals only: folder of the throw-away tokens and of the player that stands in for absent people. */
  room: v.optional(Path),
});

/** A binding. `binding.json` is its RFC 8785 form. */
export type Binding = v.InferOutput<typeof Binding>;
