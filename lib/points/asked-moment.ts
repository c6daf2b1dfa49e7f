import * as z from 'zod';
import { utc } from '../domain/time.ts';

/** A moment that a person names, in UTC. */
export const askedMoment = z.iso
  .datetime({ offset: true, error: 'expected a moment in UTC such as 2026-11-20T01:00:00Z' })
  .transform((at) => utc(new Date(at)));
