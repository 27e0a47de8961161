const DEEP = process.env['KEYRITE_DEEP'] === '1';
const SEED = Number(process.env['KEYRITE_SEED'] ?? '1');
const EACH = process.env['KEYRITE_SCRIPT'] === 'all' ? 1 : DEEP ? 8 : 20;

/**
 * Whether verify.sh looks at the n-th of many bundles too: it takes a second or two, so it sees every tenth in `npm test` and
 * every third in `npm run test:deep`; KEYRITE_SEED gives others, KEYRITE_SCRIPT=all takes them all. `keyrite verify` looks
 * at all of them always.
 */
export const isForScript = (place: number): boolean => place % EACH === (DEEP ? SEED % EACH : 0);
