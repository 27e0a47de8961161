/**
 * Whether verify.sh looks at the n-th of many bundles too: it takes a second or two, so it sees every tenth in `npm test`,
 * and all of them in `npm run test:deep`. `keyrite verify` looks at all of them always.
 */
export const isForScript = (place: number): boolean => process.env['KEYRITE_DEEP'] === '1' || place % 10 === 0;
