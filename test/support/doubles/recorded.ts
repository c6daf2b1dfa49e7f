import { type Faulty, faulty } from './faults.ts';

export type Call = { method: string; args: unknown[] };
export type Recorded<Port> = {
  /** Every call with its arguments, in order, those that failed too. */
  calls: Call[];
  /** The arguments of each call of one method. */
  callsOf(method: Extract<keyof Port, string>): unknown[][];
  /** Makes a method fail, see faults.ts. */
  fail: Faulty<Port>['fail'];
  heal(): void;
};

/** A double whose calls are kept and whose methods fail when the test says so. */
export function recorded<Port extends object>(inner: Port): Port & Recorded<Port> {
  const calls: Call[] = [];
  const { port, fail, heal } = faulty(inner);
  const methods = Object.entries(port as Record<string, (...args: unknown[]) => unknown>).map(
    ([method, work]) => [
      method,
      (...args: unknown[]) => {
        calls.push({ method, args: structuredClone(args) });
        return work(...args);
      },
    ],
  );
  return {
    ...(Object.fromEntries(methods) as Port),
    calls,
    callsOf: (method) => calls.filter((call) => call.method === method).map((call) => call.args),
    fail,
    heal,
  };
}
