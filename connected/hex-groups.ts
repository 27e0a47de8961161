/** Hashes for reading aloud: groups of four hex digits, eight groups a line. */

const GROUP = 4;
const PER_LINE = 8;

/** Lines of a hash; 64 hex digits give two. */
export function hexGroups(hex: string): string[] {
  const groups = hex.match(new RegExp(`.{1,${String(GROUP)}}`, 'g')) ?? [];
  const lines: string[] = [];
  for (let at = 0; at < groups.length; at += PER_LINE) lines.push(groups.slice(at, at + PER_LINE).join(' '));
  return lines;
}

/** The hash that a person typed or pasted: spaces taken out, lower case; null when it is not 64 hex digits. */
export function typedSha256(text: string): string | null {
  const hex = text.replace(/\s+/g, '').toLowerCase();
  return /^[0-9a-f]{64}$/.test(hex) ? hex : null;
}
