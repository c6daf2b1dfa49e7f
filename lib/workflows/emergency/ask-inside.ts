import { refusalOf, UnderstudyError } from '../../domain/errors.ts';
import type { Attempted } from '../../execution/durable-run.ts';
import type { Durable } from '../../ports/durable.ts';
import type { InsideRequest } from './inside-request.ts';

/** How often a function that died is asked again. Whatever it does may be repeated. */
const TRIES = 3;

/** Asks the function that reaches the databases, and waits for it without being billed. */
export async function askInside<T>(
  durable: Durable,
  name: string,
  functionId: string,
  request: InsideRequest,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const step = attempt === 1 ? name : `${name}, ${attempt}`;
    try {
      const answer = await durable.invoke<InsideRequest, Attempted<T>>(step, functionId, request);
      if (answer.ok) return answer.value;
      throw refusalOf(answer.said);
    } catch (error) {
      if (error instanceof UnderstudyError || attempt === TRIES) throw error;
      await durable.pause(`${step}: wait to ask again`, 5 * attempt);
    }
  }
}
