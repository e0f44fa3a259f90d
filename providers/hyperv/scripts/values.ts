/** The kinds of values that scripts answer with; the rules that they follow are in contract.ts. */
import { z } from 'zod';

export const Text = z.string();
export const Maybe = <Schema extends z.ZodType>(schema: Schema) => schema.nullish();
/** Decimal digits of an uint64. */
export const Size = z.string().regex(/^\d{1,20}$/);
export const Count = z.number().int().nonnegative();
export const Flag = z.boolean();
export const Guid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
