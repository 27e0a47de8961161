/** The little HTML that the report needs. Everything that is not a literal of ours is escaped. */

/** Text that is HTML already. Made by the functions of this file only. */
export interface Html {
  readonly html: string;
}

/** Text as HTML, isolated so that no right-to-left mark in it reorders what stands around it. */
export function text(value: string): Html {
  const safe = value.replace(/[&<>"'\p{Cc}]/gu, (character) => `&#${String(character.codePointAt(0) ?? 0xfffd)};`);
  return { html: `<bdi>${safe.replaceAll('&#10;', '<br>')}</bdi>` };
}

/** Hashes, ids and other exact text. */
export function exact(value: string): Html {
  return { html: `<code>${text(value).html}</code>` };
}

/** Pieces one after the other, with a line break between them. */
export function stacked(pieces: readonly Html[]): Html {
  return { html: pieces.map((piece) => piece.html).join('<br>') };
}

/** A heading of the second level and what belongs under it. */
export function section(title: string, ...content: readonly Html[]): Html {
  return { html: `<section><h2>${text(title).html}</h2>${content.map((piece) => piece.html).join('')}</section>` };
}

/** A paragraph. */
export function paragraph(value: string): Html {
  return { html: `<p>${text(value).html}</p>` };
}

/** A table; with no rows, a paragraph that says `none`. */
export function table(heads: readonly string[], rows: readonly (readonly Html[])[], none = 'None.'): Html {
  if (rows.length === 0) return paragraph(none);
  const head = heads.map((one) => `<th scope="col">${text(one).html}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell.html}</td>`).join('')}</tr>`).join('');
  return { html: `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>` };
}

/** Names and values, one pair a row. */
export function pairs(rows: readonly (readonly [string, Html])[]): Html {
  const body = rows.map(([name, value]) => `<tr><th scope="row">${text(name).html}</th><td>${value.html}</td></tr>`);
  return { html: `<table class="pairs"><tbody>${body.join('')}</tbody></table>` };
}

/** A whole page without scripts and without anything from elsewhere. `banner` stands on top of every printed page. */
export function page(title: string, banner: string | null, content: readonly Html[]): string {
  const mark = banner === null ? '' : `<div class="banner">${text(banner).html}</div>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(title)
    .html.replace(/<\/?bdi>|<br>/g, ' ')
    .trim()}</title>
<style>${STYLE}</style></head><body>
${mark}<main>
${content.map((piece) => piece.html).join('\n')}
</main></body></html>
`;
}

const STYLE = `
:root { color: #000; background: #fff; font: 10.5pt/1.45 "IBM Plex Sans", "Liberation Sans", Arial, sans-serif; }
body { margin: 0; } main { max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem; } h2 { font-size: 1.15rem; margin: 1.6rem 0 .5rem; break-after: avoid; }
p { margin: .4rem 0; } code { font: .92em/1.4 "IBM Plex Mono", "Liberation Mono", monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: .3rem 0; } thead { display: table-header-group; } tr { break-inside: avoid; }
th, td { border: 1px solid #666; padding: .25rem .45rem; text-align: left; vertical-align: top; } thead th { border-bottom: 2px solid #000; }
.pairs th { width: 12rem; font-weight: 600; }
.banner { border-bottom: 3px double #000; padding: .4rem; text-align: center; font-weight: 700; letter-spacing: .15em; background: #fff; }
@media print { @page { margin: 18mm 14mm; } main { max-width: none; padding: 2.2rem 0 0; } .banner { position: fixed; top: 0; left: 0; right: 0; } }
`;
