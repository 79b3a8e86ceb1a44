import type { FastifySchema, FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { CODES } from '../../protocol/codes.ts';

/**
 * Checks what comes in against its schema, without changing it: but queries, which are texts, become numbers,
 * and no body is an empty one.
 */
export const validatorCompiler: FastifySchemaCompiler<FastifySchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema as TSchema);
  const part = httpPart ?? 'request';
  return (data: unknown) => {
    const value = httpPart === 'querystring' ? withNumbers(schema as ObjectSchema, data) : (data ?? {});
    if (validator.Check(value)) return { value };
    const [first] = validator.Errors(value);
    const where = first?.instancePath.replaceAll('/', '.') ?? '';
    const message = `${part}${where} ${first?.message ?? 'is malformed'}.`;
    // The framework writes into the error that it is given, so this is not yet a `Refusal`.
    return { error: Object.assign(new Error(message), { statusCode: CODES.bad_packet.code }) };
  };
};

interface ObjectSchema {
  properties?: Record<string, { type?: string }>;
}

function withNumbers(schema: ObjectSchema, data: unknown): unknown {
  const value: Record<string, unknown> = { ...(data as Record<string, unknown>) };
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const text = value[name];
    if (property.type === 'integer' && typeof text === 'string' && /^-?\d+$/.test(text))
      value[name] = Number(text);
  }
  return value;
}
