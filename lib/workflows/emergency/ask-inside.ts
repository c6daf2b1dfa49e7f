import { refusalOf, UnderstudyError } from '../../domain/errors.ts';
import { plusSeconds, utc } from '../../domain/time.ts';
import type { Attempted } from '../../execution/durable-run.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Durable } from '../../ports/durable.ts';
import { type InsideRequest, TOO_LATE } from './inside-request.ts';
import type { LoadRequest } from './load-dump.ts';

/** How often a function that died is asked again. Whatever it does may be repeated. */
const TRIES = 3;

/** How long the function may take to begin, in seconds. An execution that comes back later finds its request refused. */
const BEGINS_WITHIN = 300;

type InsideFunction = { insideFunction: string; clock: Clock };

/** Asks the function that reaches the databases, and waits for it without being billed. */
export async function askInside<T>(
  durable: Durable,
  name: string,
  { insideFunction, clock }: InsideFunction,
  request: InsideRequest | LoadRequest,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const step = attempt === 1 ? name : `${name}, ${attempt}`;
    try {
      const notAfter = await durable.step(`${step}: until when`, async () =>
        utc(plusSeconds(clock.now(), BEGINS_WITHIN)),
      );
      const asked = { ...request, notAfter };
      const answer = await durable.invoke<typeof asked, Attempted<T>>(step, insideFunction, asked);
      if (answer.ok) return answer.value;
      throw refusalOf(answer.said);
    } catch (error) {
      // The next try holds the restore first, so it is made only by who may.
      const isFinal = error instanceof UnderstudyError && error.code !== TOO_LATE;
      if (isFinal || attempt === TRIES) throw error;
      await durable.pause(`${step}: wait to ask again`, 5 * attempt);
    }
  }
}
