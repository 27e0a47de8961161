/** Who approves plan and binding, and the files of those who did so beforehand. */
import type { BindingView } from '../../../ipc/view';
import { ActionButton } from '../../components/action-button';
import { Panel } from '../../components/panel';
import { Table } from '../../components/table';
import { counted } from '../../components/words';
import { act } from '../../store';

const STANDINGS: Readonly<Record<BindingView['approvals']['approvers'][number]['standing'], string>> = {
  approved: 'Has approved: the file is here',
  signs: 'Signs when the ceremony begins',
  'not-needed': 'Is not asked: enough have approved',
  'cannot-sign': 'Missing: can sign nothing here, so a file is needed',
};

/** The approvers, and a way to add their files. */
export function ApprovalsPanel({ approvals }: Pick<BindingView, 'approvals'>) {
  return (
    <Panel title="Approvals" aside={`The plan needs ${counted(approvals.needed, 'approval')}`}>
      <Table
        label="Approvers of plan and binding"
        rows={approvals.approvers}
        rowKey={({ id }) => id}
        columns={[
          {
            head: 'Approver',
            cell: ({ id, name }) => (
              <>
                {name} <span className="binding__below mono">{id}</span>
              </>
            ),
          },
          { head: 'Approval', kind: 'wide', cell: ({ standing }) => STANDINGS[standing] },
        ]}
      />
      <div className="binding__buttons">
        <ActionButton small onAct={() => void act('binding.add-approval', {})}>
          Add an approval file …
        </ActionButton>
      </div>
    </Panel>
  );
}
