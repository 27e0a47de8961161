/** `keyrite inspect` of what people signed, and of proofs: who says what, before it is filed anywhere. Nothing is verified here. */
import { readEnvelopeFile } from '../../ceremony/bundle/sealed';
import type { Json } from '../../ceremony/canonical-json';
import { openPayload } from '../../ceremony/command/dsse';
import { readProof } from '../../ceremony/transcript/proof';
import { hexGroups } from '../../ceremony/words';

type Row = readonly [name: string, value: string];

/** What an envelope (a cosignature, an approval, a checkpoint's signatures) or a proof holds; null when it is neither. */
export function inspectSigned(bytes: Uint8Array): { readonly kind: string; readonly rows: readonly Row[] } | null {
  const proof = readProof(bytes);
  if (proof !== null) {
    return {
      kind: `proof of ${proof.kind}, not checked here: see keyrite check-proof`,
      rows: rowsOf(proof as unknown as Json),
    };
  }
  const sealed = readEnvelopeFile(bytes);
  if (sealed === null) return null;
  const signed: Row = ['signed by', `${sealed.signatures.map(({ keyid }) => keyid).join(', ')}, not checked here`];
  const kind = sealed.payloadType.replace('application/vnd.keyrite.', '');
  if (kind === 'checkpoint') {
    const [origin = '', size = '', root = ''] = Buffer.from(sealed.payload, 'base64').toString('utf8').split('\n');
    const hash = hexGroups(Buffer.from(root, 'base64').toString('hex'));
    return { kind: 'signed checkpoint', rows: [['of', origin], ['lines', size], ['root', hash], signed] };
  }
  return { kind: `signed ${kind}`, rows: [...rowsOf(openPayload(sealed)), signed] };
}

function rowsOf(value: Json): Row[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).map(([name, one]): Row => [name, typeof one === 'string' ? one : JSON.stringify(one)]);
}
