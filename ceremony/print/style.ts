/** The style of printed HTML: black on white, for A4 and Letter alike, with the running head and foot on every page. */
export const STYLE = `
:root { color: #000; background: #fff; font: 10pt/1.45 "IBM Plex Sans", "Liberation Sans", Arial, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 0 1.5rem 1.5rem; }
h1 { font-size: 20pt; line-height: 1.2; margin: 1rem 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 14pt; line-height: 1.25; margin: 1.6rem 0 .5rem; padding-top: .3rem; border-top: 2px solid #000; }
h3 { font-size: 11pt; margin: 1.1rem 0 .3rem; }
h2, h3 { break-after: avoid; }
p { margin: .35rem 0; } ul { margin: .35rem 0; padding-left: 1.4rem; }
ul.boxes { list-style: "\\2610\\00a0\\00a0"; }
strong, th { font-weight: 600; }
code { font: .92em/1.4 "IBM Plex Mono", "Liberation Mono", monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
table.pages > * > tr > td { padding: 0; }
table.pages { table-layout: fixed; }
table.rows, table.facts { margin: .3rem 0 .8rem; table-layout: fixed; }
tr { break-inside: avoid; } table.pages > tbody > tr { break-inside: auto; }
.rows th, .rows td, .facts th, .facts td { border: .5pt solid #555; padding: .25rem .4rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
.rows > thead { display: table-header-group; } .rows > thead th { border-bottom: 1.5pt solid #000; background: #f0f0f0; }
caption { text-align: left; font-size: .9em; padding: .2rem 0; break-after: avoid; }
.facts caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.notice { border: 2.5pt solid #000; padding: .3rem .7rem; margin: .6rem 0; break-inside: avoid; }
.running { font-size: 8pt; line-height: 1.35; border-bottom: .75pt solid #000; padding: .4rem 0; }
.running.foot { border: 0; border-top: .75pt solid #000; }
.banner { font-size: 11pt; font-weight: 600; letter-spacing: .12em; text-align: center; border: 2pt solid #000; padding: .2rem; margin-bottom: .3rem; }
.blanks { line-height: 2.6; } .field { white-space: nowrap; margin-right: 1rem; }
.blank { display: inline-block; border-bottom: .75pt solid #000; height: 1em; }
@page { margin: 14mm 14mm 16mm; @bottom-right { content: "Page " counter(page) " of " counter(pages); font: 8pt "IBM Plex Sans", sans-serif; } }
@media print {
  body { max-width: none; padding: 0; }
  table.pages > thead { display: table-header-group; } table.pages > tfoot { display: table-footer-group; }
  .break { break-after: page; }
}
`;
