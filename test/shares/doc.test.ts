import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canonicalShare, commitToShare, type ShareName } from '../../hsm/shares/commitment';
import { readWorksheet, writeWorksheet } from '../../hsm/shares/worksheet';

const DOC = readFileSync(join(import.meta.dirname, '../../docs/shares.md'), 'utf8');
const block = (name: string): string => new RegExp(`\`\`\`${name}\\n([^]*?)\`\`\``).exec(DOC)?.[1] ?? '';
const NAME: ShareName = {
  set: '3f2a91c0d5e64b7788990a1b2c3d4e5f',
  scheme: 'components',
  threshold: 3,
  count: 3,
  index: 2,
};
const COMPONENT = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
const SALT = 'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf';

describe('docs/shares.md', () => {
  it('states the example that the code is given', () => {
    for (const part of [NAME.set, SALT, COMPONENT.toString('hex')]) expect(DOC).toContain(part);
  });

  it('shows the worksheet as it is written, and it reads back', () => {
    expect(block('worksheet')).toBe(writeWorksheet(NAME, 'carol', COMPONENT).toString());
    expect(readWorksheet(Buffer.from(block('worksheet')), NAME, 'carol').equals(COMPONENT)).toBe(true);
  });

  it('shows canonical bytes and commitment, which follow from each other by SHA-256 alone', () => {
    const canonical = block('canonical').trim();
    expect(canonical).toBe(canonicalShare(NAME, COMPONENT).toString('hex'));
    expect(block('commitment').trim()).toBe(commitToShare(NAME, COMPONENT, SALT));
    const hashed = createHash('sha256')
      .update('keyrite/share/1\0')
      .update(SALT + NAME.set + canonical, 'hex');
    expect(block('commitment').trim()).toBe(hashed.digest('hex'));
  });
});
