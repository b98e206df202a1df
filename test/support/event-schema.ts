import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

const SCHEMA = join(import.meta.dirname, '../../docs/events.schema.json');

export const eventSchema = JSON.parse(readFileSync(SCHEMA, 'utf8')) as {
  readonly oneOf: readonly { readonly $ref: string }[];
  readonly $defs: { readonly errorCode: { readonly enum: readonly string[] } };
};

/** As a program of others would check a line: what it does not know may be there. */
export const isEvent = compile(eventSchema);

const isKnownEvent = compile(closed(eventSchema) as object);

/** Throws for a line of `--json` that the documented schema does not have in all its fields. */
export function requireEvent(line: string): void {
  if (isKnownEvent(JSON.parse(line))) return;
  throw new Error(`not in docs/events.schema.json: ${line}`);
}

function compile(schema: object): ValidateFunction {
  return new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true }).compile(
    schema,
  );
}

/** The schema without room for anything that it does not name. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, closed(value)]);
  const { properties, additionalProperties } = schema as Record<string, unknown>;
  const isObject = properties !== undefined && 'required' in schema;
  const end = isObject && additionalProperties === undefined && { additionalProperties: false };
  return { ...Object.fromEntries(entries), ...end };
}
