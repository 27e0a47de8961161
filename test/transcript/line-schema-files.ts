/** JSON Schemas of the transcript's lines and of what people sign, for people who write verifiers. The code decides. */
import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { Command, UnitState } from '../../ceremony/command/unit-state';
import {
  ApprovalPayload,
  ExceptionPayload,
  LINE_TYPES,
  LineFrame,
  PresencePayload,
  bodySchema,
} from '../../ceremony/transcript/line';

/** The published schema files by name, as text that ends with a line feed: one for each line type and signed payload. */
export function lineSchemaFiles(): Readonly<Record<string, string>> {
  const files: Record<string, string> = {
    'line.schema.json': schemaText(LineFrame, 'Line of a Keyrite transcript, without what its body must be'),
    'payload.presence.schema.json': schemaText(PresencePayload, 'Signed payload of a proof of presence'),
    'payload.approval.schema.json': schemaText(ApprovalPayload, 'Signed payload of an approval'),
    'payload.exception.schema.json': schemaText(ExceptionPayload, 'Signed payload of an exception'),
    'payload.command.schema.json': schemaText(Command, 'Signed payload of an administrative command'),
    'unit-state.schema.json': schemaText(UnitState, 'State of a crypto unit'),
  };
  for (const type of LINE_TYPES) files[`line.${type}.schema.json`] = schemaText(bodySchema(type), `Body of ${type}`);
  return files;
}

/** Checks in code (base64 with spare bits zero, real times) have no counterpart there. */
function schemaText(schema: v.GenericSchema, title: string): string {
  const { $schema, ...rest } = toJsonSchema(schema, { typeMode: 'input', errorMode: 'ignore' });
  return `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`;
}
