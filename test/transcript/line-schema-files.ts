/** JSON Schemas of the transcript's lines and of what people sign, for people who write verifiers. The code decides. */
import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { Command, UnitState } from '../../ceremony/command/unit-state';
import { WrappedKey } from '../../ceremony/keypackage/wrapped-key';
import { KeyPackage } from '../../ceremony/keypackage/key-package';
import { Receipt } from '../../ceremony/keypackage/receipt';
import { ACT_MEMBERS } from '../../ceremony/transcript/act-schemas';
import { CustodyPayload, CustodyValue } from '../../ceremony/transcript/custody-fact';
import { SharePayload } from '../../ceremony/transcript/share-fact';
import { FACT_VALUES } from '../../ceremony/transcript/fact-schemas';
import {
  ApprovalPayload,
  EnrolmentPayload,
  ExceptionPayload,
  LINE_TYPES,
  LineFrame,
  PresencePayload,
  bodySchema,
} from '../../ceremony/transcript/line';

/** The published schema files by name, as text that ends with a line feed: one for each line type, signed payload and
 * fact, and for what acts say of themselves. */
export function lineSchemaFiles(): Readonly<Record<string, string>> {
  const files: Record<string, string> = {
    'line.schema.json': schemaText(LineFrame, 'Line of a Keyrite transcript, without what its body must be'),
    'payload.presence.schema.json': schemaText(PresencePayload, 'Signed payload of a proof of presence'),
    'payload.approval.schema.json': schemaText(ApprovalPayload, 'Signed payload of an approval'),
    'payload.enrolment.schema.json': schemaText(EnrolmentPayload, 'Signed payload of an enrolment on the day'),
    'payload.share.schema.json': schemaText(
      SharePayload,
      'Signed payload of what is told of a share in somebody’s hands',
    ),
    'payload.custody.schema.json': schemaText(CustodyPayload, 'Signed payload of an entry in the custody ledger'),
    'fact.custody.schema.json': schemaText(CustodyValue, 'Value of a fact custody'),
    'payload.exception.schema.json': schemaText(ExceptionPayload, 'Signed payload of an exception'),
    'payload.command.schema.json': schemaText(Command, 'Signed payload of an administrative command'),
    'key-package.schema.json': schemaText(KeyPackage, 'Wrapped key on its way to the connected machine'),
    'wrapped-key.schema.json': schemaText(WrappedKey, 'Key in a key store, wrapped under a master key'),
    'receipt.schema.json': schemaText(Receipt, 'What the service answered to an upload'),
    'unit-state.schema.json': schemaText(UnitState, 'State of a crypto unit'),
  };
  for (const type of LINE_TYPES) files[`line.${type}.schema.json`] = schemaText(bodySchema(type), `Body of ${type}`);
  for (const [name, schema] of Object.entries(FACT_VALUES))
    files[`fact.${name}.schema.json`] = schemaText(schema, `Value of the fact ${name}`);
  for (const [member, schema] of Object.entries(ACT_MEMBERS))
    files[`act.${member}.schema.json`] = schemaText(schema, `What acts say of themselves: ${member}`);
  return files;
}

/** Checks in code (base64 with spare bits zero, real times) have no counterpart there. */
function schemaText(schema: v.GenericSchema, title: string): string {
  const { $schema, ...rest } = toJsonSchema(schema, { typeMode: 'input', errorMode: 'ignore' });
  return `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`;
}
