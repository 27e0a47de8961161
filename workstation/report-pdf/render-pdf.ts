/** A document as a tagged PDF. */
import { BOX, textsOf, type Block, type Line, type PrintDocument } from '../../ceremony/print/document';
import type { Paper } from '../../ceremony/print/printer';
import { drawRow, setCell } from './draw-rows';
import { drawTable, leastTableHeight } from './draw-table';
import { isMissing } from './letters';
import { PageFlow, ascent, leading } from './page-flow';
import { PdfFile, type Element, type Tag } from './pdf-file';

/** Sizes in points. */
const BODY = 9;
const HEADINGS = { 1: 18, 2: 12.5, 3: 10 } as const;
/** Above and below a heading, at most. */
const HEADING_SPACE = 22;
const MILLIMETRE = 72 / 25.4;
/** Room for a note of two lines. */
const NOTE_HEIGHT = 2 * leading(BODY) + 3;

/** What is said where letters could not be set; DESIGN: names are in any script. */
const SUBSTITUTES =
  'Letters that the printed typeface lacks, and marks that are not seen, stand as their Unicode numbers, such as U+5F20. The letters themselves are in this document’s HTML form, and in the transcript or plan that it is made from; text that is copied or searched here holds them too.';
/** The same in short, in each section where it is so. */
const SUBSTITUTES_HERE =
  'Numbers such as U+5F20 stand for letters here that the printed typeface lacks: see the note on the first page.';

/** Renders a document. The same document gives the same bytes. */
export async function renderPdf(document: PrintDocument, paper: Paper): Promise<Uint8Array> {
  const file = new PdfFile(document, paper);
  const flow = new PageFlow(file, document);
  const root = file.element('Document', null);
  const lacks = (part: PrintDocument): boolean =>
    textsOf(part).some((text) =>
      Array.from(text).some((letter) => letter !== '\n' && isMissing(letter, 'plain', file.find)),
    );
  const lacking = lacks(document);
  const nothing = { ...document, title: '', banner: null, head: [], foot: [] };
  let section = root;
  for (const [place, block] of document.blocks.entries()) {
    const isSection = block.kind === 'heading' && block.level === 2;
    const lacksHere = lacking && isSection && lacks({ ...nothing, blocks: sectionAt(document.blocks, place) });
    if (block.kind === 'heading')
      flow.need(leastHeight(flow, document.blocks.slice(place)) + (lacksHere ? NOTE_HEIGHT : 0));
    if (isSection) {
      if (section !== root) section.end();
      section = file.element('Sect', root);
      file.bookmark(block.text);
    }
    drawBlock(flow, block, section);
    if (block.kind === 'heading' && block.level === 1 && lacking) drawNote(flow, SUBSTITUTES, section);
    if (lacksHere) drawNote(flow, SUBSTITUTES_HERE, section);
  }
  root.end();
  flow.finish();
  return file.bytes();
}

/** The blocks of a section, from its heading on. */
function sectionAt(blocks: readonly Block[], start: number): readonly Block[] {
  const next = blocks.findIndex((one, place) => place > start && one.kind === 'heading' && one.level === 2);
  return blocks.slice(start, next === -1 ? undefined : next);
}

/** What the rendering has to say of itself. */
function drawNote(flow: PageFlow, text: string, section: Element): void {
  drawText(flow, 'P', [{ text, face: 'plain' }], BODY, section);
  flow.y += 3;
}

function drawBlock(flow: PageFlow, block: Block, parent: Element): void {
  switch (block.kind) {
    case 'heading':
      drawHeading(flow, block, parent);
      return;
    case 'paragraph':
      drawText(flow, 'P', block.line, BODY, parent);
      flow.y += 3;
      return;
    case 'notice':
      drawNotice(flow, block, parent);
      return;
    case 'list':
      drawList(flow, block, parent);
      return;
    case 'table':
      drawTable(flow, block, parent);
      return;
    case 'blanks':
      drawBlanks(flow, block, parent);
      return;
    case 'page-break':
      if (!flow.isFresh) flow.newPage();
  }
}

function drawHeading(flow: PageFlow, { level, text }: Extract<Block, { kind: 'heading' }>, parent: Element): void {
  const size = HEADINGS[level];
  flow.skip(level === 2 ? 14 : 8);
  if (level === 2 && !flow.isFresh) {
    const { file, left, width, y } = flow;
    file.artifact('Layout', () => file.rule(left, y, left + width, y, 1.5));
    flow.y += 5;
  }
  drawText(flow, `H${level}`, [{ text, face: 'strong' }], size, parent);
  flow.y += 3;
}

/** Height of what stays together from a heading on: it, further ones, and the beginning of what they head. */
function leastHeight(flow: PageFlow, blocks: readonly Block[]): number {
  let height = 0;
  for (const block of blocks.slice(0, 6)) {
    switch (block.kind) {
      case 'heading':
        height +=
          HEADING_SPACE +
          flow.set([{ text: block.text, face: 'strong' }], HEADINGS[block.level], flow.width).length *
            leading(HEADINGS[block.level]);
        break;
      case 'paragraph':
        height += Math.min(3, flow.set(block.line, BODY, flow.width).length) * leading(BODY) + 3;
        break;
      case 'table':
        return Math.min(height + leastTableHeight(flow, block), flow.pageRoom);
      default:
        return height + leading(BODY) * 3;
    }
  }
  return height;
}

/** Text over the whole width, or what an indent leaves of it. */
function drawText(flow: PageFlow, tag: Tag, line: Line, size: number, parent: Element, indent = 0): void {
  const { file } = flow;
  const element = file.element(tag, parent);
  for (const set of flow.set(line, size, flow.width - indent)) {
    flow.need(leading(size));
    file.content(tag, element, () => file.text(set, size, flow.left + indent, flow.y + ascent(size)));
    flow.y += leading(size);
  }
  element.end();
}

function drawNotice(flow: PageFlow, { title, lines }: Extract<Block, { kind: 'notice' }>, parent: Element): void {
  const { file } = flow;
  const element = file.element('Sect', parent);
  const content = { tag: 'P' as const, element: file.element('P', element) };
  const cell = [[{ text: title, face: 'strong' as const }], ...lines];
  const set = setCell(flow, cell, BODY, flow.width);
  const style = { size: BODY, weight: 2, shaded: false, height: 0 };
  flow.skip(4);
  drawRow(flow, [{ x: 0, width: flow.width, lines: set, content }], style, () => undefined);
  element.end();
  flow.y += 7;
}

function drawList(flow: PageFlow, { items, boxes }: Extract<Block, { kind: 'list' }>, parent: Element): void {
  const { file } = flow;
  const indent = 14;
  const element = file.element('L', parent);
  for (const item of items) {
    const [mark] = flow.set([{ text: boxes ? BOX : '•', face: 'plain' }], BODY, indent);
    const entry = file.element('LI', element);
    flow.need(leading(BODY));
    if (mark !== undefined) {
      const label = file.element('Lbl', entry);
      file.content('Lbl', label, () => file.text(mark, BODY, flow.left + 2, flow.y + ascent(BODY)));
    }
    drawText(flow, 'LBody', item, BODY, entry, indent);
    flow.y += 1.5;
  }
  element.end();
  flow.y += 3;
}

/** Labels, each with a rule to write on. */
function drawBlanks(flow: PageFlow, { fields }: Extract<Block, { kind: 'blanks' }>, parent: Element): void {
  const { file } = flow;
  const high = leading(BODY) * 2;
  const element = file.element('P', parent);
  let x = 0;
  flow.need(high);
  for (const { label, width } of fields) {
    const [set = []] = flow.set([{ text: label, face: 'plain' }], BODY, flow.width);
    const last = set.at(-1);
    const text = last === undefined ? 0 : last.x + last.width + 4;
    if (x > 0 && x + text + width * MILLIMETRE > flow.width) {
      x = 0;
      flow.y += high;
      flow.need(high);
    }
    const [from, base] = [flow.left + x, flow.y + high - 4];
    file.content('P', element, () => file.text(set, BODY, from, base));
    file.artifact('Layout', () => file.rule(from + text, base + 2, from + text + width * MILLIMETRE, base + 2, 0.75));
    x += text + width * MILLIMETRE + 14;
  }
  element.end();
  flow.y += high + 3;
}
