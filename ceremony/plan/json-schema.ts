/** JSON Schemas of plan and binding, for editors and for readers of `docs/schemas/`. The checks of the reader decide. */
import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { Binding } from './binding-schema';
import { Plan } from './schema';

/** The published schema files by name, as text that ends with a line feed. */
export function schemaFiles(): Record<'plan.schema.json' | 'binding.schema.json', string> {
  return {
    'plan.schema.json': schemaText(Plan, 'Keyrite plan (*.ceremony.yaml), plan/1'),
    'binding.schema.json': schemaText(Binding, 'Keyrite binding (*.binding.yaml), binding/1'),
  };
}

/** What a file may hold before defaults are filled in. Flags of patterns and checks in code have no counterpart there. */
function schemaText(schema: v.GenericSchema, title: string): string {
  const { $schema, ...rest } = toJsonSchema(schema, { typeMode: 'input', errorMode: 'ignore' });
  return `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`;
}
