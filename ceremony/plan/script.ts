/**
 * The printable script of a plan: one HTML file that needs nothing else, runs nothing and loads nothing. It is one table
 * whose head browsers repeat on every printed page, so that the plan's hash stands on each.
 */
import { EXCEPTION_KINDS } from '../transcript/line';
import { hexGroups, words } from '../words';
import { instructions, quorum } from './instructions';
import type { Plan, Step } from './schema';

/** How many blank exception sheets are printed. */
const EXCEPTION_SHEETS = 3;

/**
 * The script as an HTML document, UTF-8, with everything from the plan escaped.
 *
 * @param sha256 the plan hash, 64 lower-case hex digits
 * @throws RangeError when `sha256` is not that
 */
export function renderScript(plan: Plan, sha256: string): string {
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw new RangeError(`plan hash: expected 64 lower-case hex digits, got ${sha256}`);
  const parts = [
    ...opening(plan),
    ...people(plan),
    ...things(plan),
    ...steps(plan),
    ...closing(plan),
    ...exceptionSheets(plan),
  ];
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(plan.title)}: script</title>
<style>${STYLE}</style>
</head>
<body>
<table class="pages">
<thead><tr><td class="running">
<div><strong>${escape(plan.title)}</strong> (${escape(plan.id)})</div>
<div class="hash">Plan hash, SHA-256 of plan.json: ${hexGroups(sha256)}</div>
<div class="words">${escape(words(Buffer.from(sha256, 'hex')))}</div>
</td></tr></thead>
<tbody><tr><td>
${parts.join('\n')}
</td></tr></tbody>
</table>
</body>
</html>
`;
}

function opening(plan: Plan): string[] {
  return [
    `<h1>${escape(plan.title)}</h1>`,
    paragraphs(plan.purpose),
    plan.continues === undefined ? '' : `<p>Goes on from the end state of: ${escape(plan.continues)}</p>`,
    plan.regime === 'none' ? '' : `<p>Regime: ${escape(plan.regime)}</p>`,
    `<p class="fields">Ceremony id ${blank(16)} Date ${blank(12)} Rehearsal ☐ Production ☐</p>`,
    '<h2>Site</h2>',
    `<p>${escape(plan.site.name)}</p>`,
    `<ul class="checks">${plan.site.controls.map((one) => `<li>${escape(one)}</li>`).join('')}</ul>`,
  ].filter((part) => part !== '');
}

function people(plan: Plan): string[] {
  const seats = plan.positions.flatMap(({ id, role, count, alternates, attends }) =>
    Array.from({ length: count + alternates }, (_, index) => [
      `${escape(id)} ${String(index + 1)}${index < count ? '' : ' (alternate)'}`,
      escape(role),
      attends ? 'in the room' : 'signs beforehand',
      '',
      '',
      '',
    ]),
  );
  return [
    '<h2>People</h2>',
    table(['Position', 'Role', 'Attends', 'Name', 'Identification', 'Signature and initials'], seats, 'wide'),
    ...(plan.separationOfDuties.length === 0 ? [] : ['<h3>Duties that are kept apart</h3>']),
    table(
      ['Roles', 'Why'],
      plan.separationOfDuties.map(({ apart, why }) => [escape(apart.join(', ')), prose(why)]),
    ),
    `<p>Approval: ${String(plan.approval.count)} of ${escape(plan.approval.position)} sign plan and binding.</p>`,
  ];
}

function things(plan: Plan): string[] {
  const { masterKey } = plan;
  return [
    '<h2>Crypto units</h2>',
    table(
      ['Unit', 'Name', 'Token label', 'Begins', 'Serial', 'Identity'],
      plan.units.map((one) => [escape(one.id), escape(one.name), escape(one.label), one.begins, '', '']),
      'wide',
    ),
    masterKey === undefined
      ? ''
      : `<p>Master key ${escape(masterKey.id)}: ${String(masterKey.shares)} ${masterKey.scheme}, all of them needed, held by ${escape(masterKey.custodians)} on a ${masterKey.form} each.</p>`,
    '<h2>PINs</h2>',
    table(
      ['PIN', 'For', 'Units', 'Made by', 'Held by', 'Parts', 'Sealing'],
      plan.pins.map((pin) => [
        escape(pin.id),
        pin.for,
        escape(pin.units.join(', ')),
        escape(pin.madeBy),
        escape(pin.heldBy),
        String(pin.parts),
        prose(pin.sealing),
      ]),
    ),
    '<h2>Materials</h2>',
    table(
      ['☐', 'Material', 'Kind', 'Name', 'Serial numbers'],
      plan.materials.map((one) => ['☐', escape(one.id), one.kind, escape(one.name), '']),
      'wide',
    ),
  ].filter((part) => part !== '');
}

function steps(plan: Plan): string[] {
  const parts = ['<h2>Steps</h2>'];
  let rows: string[][] = [];
  let phase: string | undefined;
  const flush = (): void => {
    if (rows.length > 0) parts.push(table(['No.', 'Step', 'What is done', 'Time', 'Initials'], rows, 'steps'));
    rows = [];
  };
  for (const [index, step] of plan.steps.entries()) {
    if (step.phase !== phase) {
      flush();
      const named = plan.phases.find((one) => one.id === step.phase);
      if (named !== undefined)
        parts.push(
          `<h3>${escape(named.title)}${named.holdLogin ? ' <small>(units stay logged in until this phase ends)</small>' : ''}</h3>`,
        );
    }
    phase = step.phase;
    rows.push(row(plan, step, index + 1));
  }
  flush();
  return parts;
}

function row(plan: Plan, step: Step, number: number): string[] {
  const materials = step.materials === undefined ? '' : `<p>Materials: ${escape(step.materials.join(', '))}</p>`;
  const minutes = step.minutes === undefined ? '' : `<br><small>about ${String(step.minutes)} min</small>`;
  const done = instructions(plan, step)
    .map((one) => `<p>☐ ${prose(one)}</p>`)
    .join('');
  return [
    String(number),
    `<strong>${escape(step.title)}</strong><br><code>${escape(step.id)}</code> <small>${escape(step.action)}</small>${minutes}`,
    done + materials,
    '',
    '',
  ];
}

function closing(plan: Plan): string[] {
  const signatures = plan.positions
    .filter((one) => one.attends)
    .flatMap(({ id, count }) =>
      Array.from({ length: count }, (_, index) => [`${escape(id)} ${String(index + 1)}`, '', '', '']),
    );
  return [
    '<h2>End state</h2>',
    table(
      ['Unit', 'Mode', 'Master key', 'Seen'],
      plan.endState.map((one) => [escape(one.unit), one.mode, one.masterKey, '☐']),
    ),
    '<h2>Storage afterwards</h2>',
    paragraphs(plan.storage),
    '<h2>Sign-off</h2>',
    paragraphs(plan.signOff.wording),
    `<p>The last checkpoint is signed by ${escape(quorum(plan.signOff.quorum))}.</p>`,
    `<p class="fields">Last root ${blank(40)} Size ${blank(8)}</p>`,
    table(['Position', 'Name', 'Signature', 'Date and time'], signatures, 'wide'),
  ];
}

function exceptionSheets(plan: Plan): string[] {
  return Array.from({ length: EXCEPTION_SHEETS }, (_, index) =>
    [
      '<section class="sheet">',
      `<h2>Exception sheet ${String(index + 1)} of ${String(EXCEPTION_SHEETS)}</h2>`,
      `<p>${escape(plan.title)}. An exception names one step and is signed by a crypto administrator and by a witness or auditor, here and in Keyrite.</p>`,
      `<p>Never waived: mode, roster, plan hash, command signatures, counters, module hash, unit differences, the final quorum.</p>`,
      `<p class="fields">Step ${blank(20)} Time ${blank(12)}</p>`,
      `<p>Kind: ${EXCEPTION_KINDS.map((kind) => `☐ ${escape(kind)}`).join(' &nbsp; ')}</p>`,
      table(
        ['', ''],
        [
          ['What was expected', ''],
          ['What happened', ''],
          ['What was decided', ''],
          ['Crypto administrator: name, signature', ''],
          ['Witness or auditor: name, signature', ''],
        ],
        'form',
      ),
      '</section>',
    ].join('\n'),
  );
}

/** A table of ready HTML cells; nothing for no rows. */
function table(head: readonly string[], rows: readonly (readonly string[])[], kind = ''): string {
  if (rows.length === 0) return '';
  const header = head.every((one) => one === '') ? '' : `<tr>${head.map((one) => `<th>${one}</th>`).join('')}</tr>`;
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');
  return `<table class="grid ${kind}">${header}\n${body}</table>`;
}

function paragraphs(text: string): string {
  return `<p>${prose(text.trim())}</p>`;
}

/** Escaped text with its line feeds kept. */
function prose(text: string): string {
  return escape(text).replaceAll('\n', '<br>');
}

function blank(width: number): string {
  return `<span class="blank">${'&nbsp;'.repeat(width)}</span>`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

const STYLE = `
@page { size: A4; margin: 14mm 12mm; }
body { font: 10pt/1.4 system-ui, sans-serif; color: #000; background: #fff; margin: 0 auto; max-width: 190mm; }
h1 { font-size: 18pt; margin: 6mm 0 3mm; } h2 { font-size: 13pt; margin: 7mm 0 2mm; } h3 { font-size: 11pt; margin: 5mm 0 2mm; }
h2, h3 { break-after: avoid; }
table { border-collapse: collapse; width: 100%; }
table.pages > thead { display: table-header-group; }
.running { border-bottom: 1px solid #000; padding: 0 0 2mm; font-size: 8pt; }
.hash, code { font-family: ui-monospace, monospace; }
.words { font-size: 7.5pt; }
table.grid { margin: 2mm 0 4mm; }
table.grid th, table.grid td { border: 0.5pt solid #444; padding: 1.5mm 2mm; text-align: left; vertical-align: top; }
table.grid th { background: #eee; }
table.grid tr { break-inside: avoid; }
table.wide td { height: 9mm; }
table.steps td:nth-child(1) { width: 8mm; } table.steps td:nth-child(2) { width: 45mm; }
table.steps td:nth-child(4), table.steps td:nth-child(5) { width: 20mm; }
table.steps p { margin: 0 0 1.5mm; }
table.form td:first-child { width: 45mm; } table.form td { height: 26mm; }
ul.checks { list-style: "☐ "; }
.blank { border-bottom: 0.5pt solid #000; } .fields { line-height: 2.4; }
.sheet { break-before: page; }
`;
