/**
 * Which hosts an API key may be sent to: IBM's own over TLS, or, when the command line says so, this machine's loopback.
 * Of a package only the region counts, and it chooses among IBM's hosts.
 */
import * as v from 'valibot';
import { KeyProtectRegion } from '../ceremony/keypackage/key-protect';
import { usage } from './failure';

/** Region written into parameters of a service on loopback. */
export const LOOPBACK_REGION = 'local-test';

const IAM_HOSTS = ['iam.cloud.ibm.com', 'private.iam.cloud.ibm.com'];

/** Base URLs of Key Protect and of IAM, without a slash at the end. */
export interface CloudPlace {
  readonly endpoint: string;
  readonly iam: string;
  readonly region: string;
}

/**
 * The place for a region, or for explicit endpoints.
 *
 * @throws ConnectFailure for a host outside the allow-list, plain HTTP beyond loopback, Key Protect Dedicated (no secure
 * import) and HPCS (not carried out by this version)
 */
export function cloudPlace(given: {
  readonly endpoint: string | undefined;
  readonly iam: string | undefined;
  readonly region: string | undefined;
}): CloudPlace {
  const { region } = given;
  if (region !== undefined && !v.is(KeyProtectRegion, region)) {
    throw usage(
      `--region: expected a region such as us-south, got ${region}.`,
      "Give the region of your instance, as IBM's console shows it.",
    );
  }
  if (given.endpoint === undefined && region === undefined) {
    throw usage(
      'Neither --region nor --endpoint is given.',
      'Give the region of your Key Protect instance, such as --region us-south.',
    );
  }
  const endpoint = baseUrl('--endpoint', given.endpoint ?? `https://${String(region)}.kms.cloud.ibm.com`);
  const local = isLoopback(endpoint);
  const iam = baseUrl('--iam', given.iam ?? (local ? endpoint.origin : 'https://iam.cloud.ibm.com'));
  // SECURITY(K-36): an API key goes to one place.
  if (local !== isLoopback(iam)) {
    throw usage(
      '--endpoint and --iam: one is loopback and the other is not.',
      'An API key goes either to IBM or to a test service, not to both.',
    );
  }
  if (local) return { endpoint: endpoint.origin, iam: iam.origin, region: region ?? LOOPBACK_REGION };
  const hostRegion = keyProtectRegion(endpoint.hostname);
  if (region !== undefined && region !== hostRegion) {
    throw usage(
      `--endpoint is in ${hostRegion}, --region says ${region}.`,
      'Give one of them, or the same region in both.',
    );
  }
  if (!IAM_HOSTS.includes(iam.hostname)) {
    throw usage(`--iam: ${iam.hostname} is not IBM's IAM.`, `Give https://${IAM_HOSTS.join(' or https://')}.`);
  }
  return { endpoint: endpoint.origin, iam: iam.origin, region: hostRegion };
}

/** Region of a Key Protect Standard host name. */
function keyProtectRegion(host: string): string {
  if (host.endsWith('.kms.appdomain.cloud')) {
    throw usage(
      `${host} is Key Protect Dedicated, which has no secure import: keys cannot be wrapped for it.`,
      'Use a Key Protect Standard instance.',
    );
  }
  if (/\.hs-crypto\.(?:appdomain\.cloud|cloud\.ibm\.com)$/.test(host)) {
    throw usage(
      `${host} is Hyper Protect Crypto Services, which this version makes no packages for.`,
      'Use a Key Protect Standard instance.',
    );
  }
  const region = /^(?:private\.)?([a-z0-9-]+)\.kms\.cloud\.ibm\.com$/.exec(host)?.[1];
  if (region === undefined || !v.is(KeyProtectRegion, region)) {
    throw usage(
      `--endpoint: ${host} is not a Key Protect host.`,
      'Give https://REGION.kms.cloud.ibm.com, or a loopback address for a test service.',
    );
  }
  return region;
}

function baseUrl(option: string, text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw usage(`${option}: ${text} is not a URL.`, 'Give a URL such as https://us-south.kms.cloud.ibm.com.');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '' || url.pathname !== '/') {
    throw usage(`${option}: expected scheme, host and port only.`, 'Leave out path, query and user.');
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url))) {
    throw usage(`${option}: ${text} is not protected by TLS.`, 'Use https; plain http is for loopback only.');
  }
  if (!isLoopback(url) && url.port !== '') throw usage(`${option}: expected no port.`, 'Leave the port out.');
  return url;
}

function isLoopback(url: URL): boolean {
  return url.hostname === '127.0.0.1' || url.hostname === '[::1]';
}
