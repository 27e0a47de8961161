/** A document as one HTML file: no script, nothing from elsewhere, and fit to be printed. Everything is escaped. */
import type { Block, Cell, Line, PrintDocument, Span, Table } from './document';
import { STYLE } from './style';

/** Part of a typeface that goes into the file itself. */
export interface FontFace {
  readonly family: 'IBM Plex Sans' | 'IBM Plex Mono';
  readonly weight: 400 | 600;
  /** CSS `unicode-range`, such as `U+0000-00FF`. */
  readonly range: string;
  /** The font in WOFF. */
  readonly woff: Uint8Array;
}

/** The document as HTML, UTF-8. Without faces the reader's own fonts are used. */
export function renderHtml(document: PrintDocument, faces: readonly FontFace[] = []): string {
  const { title, banner, head, foot, blocks } = document;
  const mark = banner === null ? '' : `<div class="banner">${text(banner)}</div>`;
  const running = (lines: readonly Line[]): string => lines.map((one) => `<div>${inline(one)}</div>`).join('');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; font-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${attribute(title)}</title>
<style>${faces.map(faceRule).join('')}${STYLE}</style></head><body>
<table class="pages" role="presentation"><thead><tr><td><div class="running" role="banner">${mark}${running(head)}</div></td></tr></thead>
<tfoot><tr><td><div class="running foot" role="contentinfo">${running(foot)}</div></td></tr></tfoot>
<tbody><tr><td><main>
${sections(blocks)}
</main></td></tr></tbody></table></body></html>
`;
}

function faceRule({ family, weight, range, woff }: FontFace): string {
  const data = Buffer.from(woff).toString('base64');
  return `@font-face { font-family: "${family}"; font-weight: ${String(weight)}; unicode-range: ${range}; src: url(data:font/woff;base64,${data}) format("woff"); }\n`;
}

/** Headings of the second level begin sections. */
function sections(blocks: readonly Block[]): string {
  let open = false;
  let html = '';
  for (const block of blocks) {
    if (block.kind === 'heading' && block.level === 2) {
      html += `${open ? '</section>\n' : ''}<section>`;
      open = true;
    }
    html += blockHtml(block);
  }
  return open ? `${html}</section>` : html;
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h${String(block.level)}>${text(block.text)}</h${String(block.level)}>`;
    case 'paragraph':
      return `<p>${inline(block.line)}</p>`;
    case 'notice': {
      const lines = block.lines.map((one) => `<p>${inline(one)}</p>`).join('');
      return `<div class="notice"><p><strong>${text(block.title)}</strong></p>${lines}</div>`;
    }
    case 'list': {
      const items = block.items.map((one) => `<li>${inline(one)}</li>`).join('');
      return `<ul${block.boxes ? ' class="boxes"' : ''}>${items}</ul>`;
    }
    case 'table':
      return tableHtml(block);
    case 'blanks':
      return `<p class="blanks">${block.fields.map(blank).join(' ')}</p>`;
    case 'page-break':
      return '<div class="break"></div>';
  }
}

function tableHtml({ caption, columns, rows, rowHeads, rowHeight, headless }: Table): string {
  const whole = columns.reduce((sum, { width }) => sum + width, 0);
  const widths = columns.map(({ width }) => `<col style="width:${((width / whole) * 100).toFixed(1)}%">`).join('');
  const heads = columns.map(({ title }) => `<th scope="col">${text(title)}</th>`).join('');
  const head = headless ? '' : `<thead><tr>${heads}</tr></thead>`;
  const high = rowHeight === 0 ? '' : ` style="height:${String(rowHeight)}mm"`;
  const body = rows
    .map((cells) => `<tr${high}>${cells.map((one, place) => cellHtml(one, rowHeads && place === 0)).join('')}</tr>`)
    .join('\n');
  return `<table class="${headless ? 'facts' : 'rows'}"><caption>${text(caption)}</caption><colgroup>${widths}</colgroup>${head}<tbody>${body}</tbody></table>`;
}

function cellHtml(content: Cell, heads: boolean): string {
  const html = content.map(inline).join('<br>');
  return heads ? `<th scope="row">${html}</th>` : `<td>${html}</td>`;
}

function blank({ label, width }: { readonly label: string; readonly width: number }): string {
  return `<span class="field">${text(label)} <span class="blank" style="width:${String(width)}mm"></span></span>`;
}

function inline(spans: Line): string {
  return spans.map(spanHtml).join('');
}

function spanHtml({ text: content, face }: Span): string {
  switch (face) {
    case 'plain':
      return text(content);
    case 'strong':
      return `<strong>${text(content)}</strong>`;
    case 'exact':
      return `<code>${text(content)}</code>`;
  }
}

/** Text as HTML, isolated so that no right-to-left mark in it reorders what stands around it. */
function text(value: string): string {
  return `<bdi>${escape(value).replaceAll('&#10;', '<br>')}</bdi>`;
}

/** Text as HTML where no element may stand. */
function attribute(value: string): string {
  return escape(value).replaceAll('&#10;', ' ');
}

// SECURITY(K-81): names, titles and messages are whatever the bundle's maker wrote.
function escape(value: string): string {
  return value.replace(/[&<>"'\p{Cc}]/gu, (character) => `&#${String(character.codePointAt(0) ?? 0xfffd)};`);
}
