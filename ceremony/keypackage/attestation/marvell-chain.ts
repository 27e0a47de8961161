/**
 * Who signed an attestation: a partition of an HSM for which both its maker and its owner vouch. The maker's root signs the
 * card, the card the partition; the owner's root signs the same partition, by itself or over the card.
 */
import { X509Certificate, createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { AttestationError } from './attestation-error';
import type { MarvellStatement } from './marvell-statement';
import { MARVELL_ROOT, type PinnedRoot } from './pinned-roots';

/** The HSM that signed, by the subject of its partition's certificate, such as `HSM:5.3G1953-ICM001225:PARTN:1, for FIPS mode`. */
export interface Attester {
  readonly subject: string;
  /** SHA-256 of the DER SPKI of the partition's key, in hex. */
  readonly partitionSha256: string;
}

const MOST_CERTIFICATES = 16;
const MOST_PEM = 16 * 1024;

/** A certificate with its key, which Node reads only when it is asked for. */
interface Known {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

/**
 * Requires that a statement is signed by a partition of a Marvell HSM of this owner: by a key for which the maker's card
 * vouches, and the owner, who vouches for that card too. Dates decide nothing: an attestation is read years later, and roots
 * end. What else is among the certificates does not matter.
 *
 * @param certificates PEM, in any order
 * @param owner the root that is known to be the owner's: pinned, not taken from the certificates
 * @throws AttestationError when the maker or the owner does not vouch for whoever signed, or nobody signed
 */
export function requireAttester(
  statement: MarvellStatement,
  certificates: readonly string[],
  owner: PinnedRoot,
): Attester {
  const known = certificatesIn(certificates);
  const signers = known.filter(({ key }) => isSignedBy(statement, key));
  const [first] = signers;
  if (first === undefined) throw new AttestationError('no certificate is of the key that signed the attestation');
  const cards = signers.flatMap((one) => issuersOf(one, known));
  const card = cards.find((one) => isIssuedBy(one, MARVELL_ROOT));
  if (card === undefined) throw new AttestationError('its maker, Marvell, does not vouch for the HSM that signed it');
  // SECURITY(K-250): Microsoft's script takes the owner's root from the bundle that it judges.
  const forCard = known.some((one) => one.key.equals(card.key) && isIssuedBy(one, owner));
  const forPartition = [...signers, ...cards].some((one) => isIssuedBy(one, owner));
  if (!forCard || !forPartition) {
    throw new AttestationError(`${owner.name} does not vouch for the HSM that signed it`);
  }
  return { subject: nameOf(first.certificate), partitionSha256: spkiSha256(first.key) };
}

function certificatesIn(pems: readonly string[]): Known[] {
  if (pems.length > MOST_CERTIFICATES || pems.some((pem) => pem.length > MOST_PEM)) {
    throw new AttestationError('there are more certificates with it than an HSM has');
  }
  try {
    return pems.map((pem) => {
      const certificate = new X509Certificate(pem);
      return { certificate, key: certificate.publicKey };
    });
  } catch {
    throw new AttestationError('one of its certificates cannot be read');
  }
}

/** Whole PKCS#1 v1.5, not the end of it alone. */
function isSignedBy({ signed, signature }: MarvellStatement, key: KeyObject): boolean {
  return key.asymmetricKeyType === 'rsa' && verify('sha256', signed, key, signature);
}

/** Those whose key signed a certificate, and whose name it gives. */
function issuersOf({ certificate }: Known, known: readonly Known[]): Known[] {
  return known.filter((one) => certificate.checkIssued(one.certificate) && certificate.verify(one.key));
}

function isIssuedBy({ certificate }: Known, { spki }: PinnedRoot): boolean {
  return certificate.verify(createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' }));
}

/** Common name of the subject, on one line. */
function nameOf({ subject }: X509Certificate): string {
  const name = subject.split('\n').find((line) => line.startsWith('CN='));
  return (name ?? subject).replace(/^CN=/, '').replaceAll('\\', '').replaceAll(/\p{C}/gu, ' ').slice(0, 200);
}

function spkiSha256(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('hex');
}
