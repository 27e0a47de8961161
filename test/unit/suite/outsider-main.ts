/**
 * Another process on the same token: opens a session on the token with a label, says in one line what came of it, and holds
 * the session until its input ends. argv[2] says all of it as JSON.
 */
import { CLASS } from '../../../hsm/pkcs11/attributes';
import { plain } from '../../../hsm/pkcs11/mechanisms';
import { Pkcs11Module } from '../../../hsm/pkcs11/module';
import type { Session } from '../../../hsm/pkcs11/session';

/**
 * What it does besides, with the user's PIN: leaves a data object with a label, makes an AES key (its CKA_ID says `made`),
 * destroys the keys with a label and an id, or counts the keys with a label and reads the first.
 */
export type OutsiderAsUser = { readonly pin: string } & (
  | { readonly leave: string }
  | { readonly make: string }
  | { readonly destroy: string; readonly id: string }
  | { readonly list: string }
);

/** What it is sent for. */
export interface Errand {
  readonly path: string;
  readonly libraryParameters: string | null;
  readonly label: string;
  readonly user: OutsiderAsUser | null;
}

const { path, libraryParameters, label, user } = JSON.parse(process.argv[2] ?? '{}') as Errand;
const module = Pkcs11Module.load(path);
module.initialise(libraryParameters);

/** Everything but the session is the answer's text. */
function visit(): { readonly said: string; readonly session: Session | null } {
  const token = module.tokens().find(({ info }) => info.label === label);
  if (token === undefined) return { said: `no token ${label}`, session: null };
  let session: Session | null = null;
  try {
    session = module.openSession(token.slot);
    return { said: user === null ? 'open' : asUser(session, user), session };
  } catch (error) {
    return { said: error instanceof Error ? error.message : String(error), session };
  }
}

function asUser(session: Session, { pin, ...errand }: OutsiderAsUser): string {
  session.login('user', Buffer.from(pin));
  if ('leave' in errand) {
    session.create({ CKA_CLASS: CLASS.data, CKA_TOKEN: true, CKA_LABEL: errand.leave, CKA_VALUE: Buffer.from('{}') });
    return 'left';
  }
  if ('make' in errand) {
    const id = Buffer.from('made');
    const named = { CKA_TOKEN: true, CKA_LABEL: errand.make, CKA_ID: id, CKA_VALUE_LEN: 32 };
    session.generateKey(plain('CKM_AES_KEY_GEN'), { ...named, CKA_SIGN: true, CKA_ENCRYPT: true });
    return 'made';
  }
  const keys = { CKA_CLASS: CLASS['secret-key'] };
  if ('destroy' in errand) {
    const named = { ...keys, CKA_LABEL: errand.destroy, CKA_ID: Buffer.from(errand.id) };
    for (const key of session.find(named)) session.destroy(key);
    return 'destroyed';
  }
  const found = session.find({ ...keys, CKA_LABEL: errand.list });
  const [key] = found;
  const value = key === undefined ? null : session.get(key, 'CKA_VALUE');
  return `${String(found.length)} ${errand.list}, value: ${value === null ? 'not told' : 'told'}`;
}

const { said, session } = visit();
process.stdout.write(`${said}\n`);
process.stdin.on('end', () => {
  session?.close();
  module.finalise();
});
process.stdin.resume();
