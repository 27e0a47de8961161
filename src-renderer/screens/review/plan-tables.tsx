/** What a plan says about people, crypto units and PINs, as tables to compare. */
import type { PlanView } from '../../../ipc/view';
import { Panel } from '../../components/panel';
import { Table } from '../../components/table';
import { roleWord } from '../../components/words';

/** Positions, and who must not be the same person. */
export function PlanPeople({ plan }: { readonly plan: PlanView }) {
  return (
    <Panel title="Positions">
      <Table
        label="Positions"
        rows={plan.positions}
        rowKey={({ id }) => id}
        columns={[
          { head: 'Position', cell: ({ id }) => <span className="mono">{id}</span> },
          { head: 'Role', cell: ({ role }) => roleWord(role) },
          { head: 'People', kind: 'number', cell: ({ count }) => count },
          { head: 'Alternates', kind: 'number', cell: ({ alternates }) => alternates },
          { head: 'In the room', cell: ({ attends }) => (attends ? 'Yes' : 'Signs beforehand') },
        ]}
      />
      <h3>Kept apart</h3>
      <ul className="review__lines small">
        {plan.duties.map((duty) => (
          <li key={duty}>{duty}</li>
        ))}
      </ul>
    </Panel>
  );
}

/** Crypto units, from what to what. */
export function PlanUnits({ plan }: { readonly plan: PlanView }) {
  return (
    <Panel title="Crypto units">
      <Table
        label="Crypto units"
        rows={plan.units}
        rowKey={({ id }) => id}
        columns={[
          {
            head: 'Unit',
            cell: ({ id, name }) => (
              <>
                {name} <span className="review__below mono">{id}</span>
              </>
            ),
          },
          { head: 'Token label', cell: ({ label }) => <span className="mono">{label}</span> },
          { head: 'Begins', cell: ({ begins }) => begins },
          { head: 'Ends', cell: ({ ends }) => ends },
        ]}
      />
    </Panel>
  );
}

/** PINs: who makes, who holds, in how many parts, and how they are sealed. */
export function PlanPins({ plan }: { readonly plan: PlanView }) {
  return (
    <Panel title="PINs">
      <Table
        label="PINs"
        rows={plan.pins}
        rowKey={({ id }) => id}
        columns={[
          { head: 'PIN', cell: ({ id }) => <span className="mono">{id}</span> },
          { head: 'Of', cell: (pin) => (pin.for === 'security-officer' ? 'Security officer' : pin.for) },
          { head: 'Units', cell: ({ units }) => <span className="mono">{units.join(', ')}</span> },
          { head: 'Made by', cell: ({ madeBy }) => <span className="mono">{madeBy}</span> },
          { head: 'Held by', cell: ({ heldBy }) => <span className="mono">{heldBy}</span> },
          { head: 'Parts', cell: ({ parts }) => (parts === 2 ? 'Two people, one part each' : 'One person') },
          { head: 'Sealed', kind: 'wide', cell: ({ sealing }) => sealing },
        ]}
      />
    </Panel>
  );
}
