/** Who signed what, and what they relied on; and where people sign on paper. */
import * as v from 'valibot';
import { cell, exact, heading, paragraph, prose, strong, table, type Block, type Cell } from '../../print/document';
import { PAPER_SIGNATURE } from '../../transcript/fact-names';
import { hashCell, hexCell, instantCell } from './exact-cells';
import { keyInWords } from './people';
import { linesOf, nameOf, namesOf, type Recorded } from './recorded';

/** Checkpoints with their roots, and every signature with what its signer relied on. */
export function signaturesSection(recorded: Recorded): Block[] {
  const { summary } = recorded;
  const paper = paperSignatures(recorded);
  return [
    heading(2, 'Checkpoints and signatures'),
    table(
      'Checkpoints',
      [
        ['No.', 10],
        ['Lines covered', 14],
        ['Announced by', 20],
        ['Root', 56],
      ],
      summary.checkpoints.map(({ number, size, root, step, final }) => [
        cell(`${String(number)}${final ? ', the last' : ''}`),
        cell(String(size)),
        step === null ? cell('the close') : cell(exact(step)),
        hashCell(root),
      ]),
      { rowHeads: true, none: 'No checkpoint was made.' },
    ),
    table(
      'Signatures on checkpoints',
      [
        ['Checkpoint', 12],
        ['Signed by', 26],
        ['With', 32],
        ['Relied on', 30],
      ],
      summary.checkpoints.flatMap(({ number, signers, final }) =>
        signers.map((id) => signatureRow(recorded, { number, final }, id)),
      ),
      { none: 'Nobody signed a checkpoint.' },
    ),
    paragraph(
      summary.cosigners.length === 0
        ? 'Nobody is on record as having recomputed the root on a station of their own: everybody who signed relied on the operator’s screen.'
        : 'Those named below recomputed the whole record on a station of their own, and signed what they found. Everybody else relied on the operator’s screen.',
    ),
    ...(summary.cosigners.length === 0 ? [] : [cosignerTable(recorded)]),
    ...(paper.length === 0
      ? []
      : [
          table(
            'Signatures on paper, attached by hash: they never count towards a quorum',
            [
              ['Line', 15],
              ['Name', 45],
              ['Role', 40],
            ],
            paper,
          ),
        ]),
  ];
}

/** The sign-off by hand: the plan's words, and a place for everybody who was there. */
export function signOffSection({ plan, people, summary }: Recorded): Block[] {
  const there = people.filter(({ roles }) => !roles.includes('approver'));
  return [
    heading(2, 'Sign-off'),
    ...(plan === null ? [] : prose(plan.signOff.wording)),
    paragraph(
      `By signing here I confirm that I have read this report, and that the root over all lines is the one on its first page${summary.mode === 'rehearsal' ? ', of a rehearsal' : ''}. A signature on paper stands beside those in the record and never counts as one of them.`,
    ),
    table(
      'Signatures by hand',
      [
        ['Name', 26],
        ['Role', 20],
        ['Signature', 34],
        ['Date and time', 20],
      ],
      there.map(({ name, roles }) => [cell(name), cell(roles.join(', ')), [], []]),
      { rowHeads: true, rowHeight: 11, whole: true },
    ),
  ];
}

/** What came after the close, with what is said of it. */
export function addendaSection(recorded: Recorded): Block[] {
  const { addenda, timestamps } = recorded.summary;
  if (addenda.length === 0) return [];
  return [
    heading(2, 'Addenda: what came after the close'),
    table(
      'Addenda',
      [
        ['No.', 7],
        ['When', 15],
        ['Why', 22],
        ['What', 38],
        ['Signed by', 18],
      ],
      addenda.map(({ number, at, reason, facts, signers }) => [
        cell(String(number)),
        instantCell(at),
        cell(reason),
        cell(...facts.flatMap(({ fact, text, files }) => [`${fact}: ${text}`, ...files.map((file) => exact(file))])),
        cell(namesOf(recorded, signers)),
      ]),
      { rowHeads: true },
    ),
    ...(timestamps.length === 0
      ? []
      : [
          table(
            'Timestamps over the last checkpoint; whose they are is for openssl ts -verify to say',
            [
              ['Addendum', 15],
              ['Time in it', 35],
              ['File', 50],
            ],
            timestamps.map(({ addendum, genTime, file }) => [
              cell(String(addendum)),
              cell(exact(genTime)),
              cell(exact(file)),
            ]),
          ),
        ]),
  ];
}

function signatureRow(
  recorded: Recorded,
  { number, final }: { readonly number: number; readonly final: boolean },
  id: string,
): Cell[] {
  const person = recorded.people.find((one) => one.id === id);
  const isCosigner = final && recorded.summary.cosigners.some(({ participant }) => participant === id);
  return [
    cell(`${String(number)}${final ? ', the last' : ''}`),
    cell(nameOf(recorded, id), person?.roles.join(', ') ?? ''),
    cell(person === undefined ? '' : keyInWords(person)),
    cell(isCosigner ? strong('own recomputation, see below') : 'the operator’s screen'),
  ];
}

function cosignerTable(recorded: Recorded): Block {
  return table(
    'Recomputed on a station of their own',
    [
      ['Who', 26],
      ['When, by that station', 18],
      ['Found', 14],
      ['With', 42],
    ],
    recorded.summary.cosigners.map(({ participant, at, verdict, app }) => [
      cell(nameOf(recorded, participant)),
      instantCell(at),
      cell(verdict),
      [...cell(`${app.name} ${app.version}`), ...hexCell(app.sha256)],
    ]),
    { rowHeads: true },
  );
}

const Paper = v.object({ name: v.string(), role: v.string() });

function paperSignatures(recorded: Recorded): Cell[][] {
  return linesOf(recorded, 'fact.recorded').flatMap(({ seq, body }) => {
    const parsed = body.fact === PAPER_SIGNATURE ? v.safeParse(Paper, body.value) : null;
    return parsed?.success === true ? [[cell(String(seq)), cell(parsed.output.name), cell(parsed.output.role)]] : [];
  });
}
