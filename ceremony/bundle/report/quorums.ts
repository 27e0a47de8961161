/** Which quorum stood behind what, and who enforced it. A generic token counts no signatures: this is said, not left to be guessed. */
import { cell, heading, paragraph, strong, table, type Block, type Cell } from '../../print/document';
import { quorum } from '../../plan/instructions';
import { sharedKeyOf } from '../../plan/master-key-scheme';
import { namesOf, type Recorded } from './recorded';
import { lastOf, readingsOf } from './unit-readings';

/** By Keyrite: its worker checks the signatures before it acts. */
const KEYRITE = 'enforced by Keyrite only';

/** Every quorum and every PIN. */
export function quorumsSection(recorded: Recorded): Block[] {
  const { plan } = recorded;
  const rows: (readonly Cell[])[] = (plan?.units ?? []).map(({ id, name }) => {
    const state = lastOf(readingsOf(recorded, id), (one) => one.state);
    const rule =
      state === null || state.mode === 'imprint'
        ? 'none set'
        : `${String(state.signatureThreshold)} of ${String(state.administrators.length)} administrators; to remove one, ${String(state.revocationThreshold)}`;
    return [cell(`${name}: administrative commands`), cell(rule), cell(strong(KEYRITE))];
  });
  if (plan?.masterKey?.scheme === 'in-unit') {
    rows.push([
      cell('Master key: made inside one unit'),
      cell(`one administrator of ${plan.masterKey.unit}`, 'nobody holds anything of the key'),
      cell(strong(KEYRITE)),
    ]);
  }
  const shared = plan === null ? null : sharedKeyOf(plan);
  if (shared !== null) {
    const { shares, scheme, custodians, needed } = shared;
    rows.push([
      cell(`Master key: ${scheme}`),
      cell(`${needed === shares ? 'all' : `${String(needed)} of`} ${String(shares)}, held by ${custodians}`),
      cell('by arithmetic: fewer give nothing of the key'),
    ]);
  }
  for (const pin of plan?.pins ?? []) {
    rows.push([
      cell(`PIN ${pin.id} (${pin.for}) of ${pin.units.join(', ')}`),
      cell(
        pin.parts === 2 ? 'two parts, by two people' : 'one person: whoever holds it can act on the unit alone',
        `made by ${pin.madeBy}, held by ${pin.heldBy}`,
      ),
      cell(pin.parts === 2 ? strong(KEYRITE) : 'by nobody'),
    ]);
  }
  if (plan !== null) {
    rows.push([
      cell('Plan and binding approved'),
      cell(
        `${String(plan.approval.count)} of ${plan.approval.position}`,
        ...recorded.summary.approvals.map(
          ({ session, approvers }) =>
            `session ${String(session)}: ${approvers.length === 0 ? 'nobody' : namesOf(recorded, approvers)}`,
        ),
      ),
      cell('checked by whoever verifies'),
    ]);
    rows.push([cell('Last checkpoint'), cell(quorum(plan.signOff.quorum)), cell('checked by whoever verifies')]);
  }
  return [
    heading(2, 'Quorums, and what stands behind them'),
    table(
      'Quorums and PINs',
      [
        ['Of what', 34],
        ['Rule', 40],
        ['Enforced', 26],
      ],
      rows,
      { rowHeads: true, none: 'The plan cannot be read.' },
    ),
    paragraph(
      'No quorum in this ceremony was enforced by the HSM: over PKCS#11 a unit counts no signatures. Whoever holds the user PIN of a unit can act on it without Keyrite; what they did shows when the unit is next read, as a state that no record holds.',
    ),
  ];
}
