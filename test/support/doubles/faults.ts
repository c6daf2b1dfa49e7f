type Method<Port> = Extract<keyof Port, string>;

export type Faulty<Port> = {
  port: Port;
  /**
   * Makes a method fail the next `times` (for good unless told): before anything was done, or `after` everything was
   * done and only the answer is lost.
   */
  fail(method: Method<Port>, error: Error, options?: { times?: number; after?: boolean }): void;
  heal(): void;
  /** The methods that were called, in order. */
  calls: Method<Port>[];
};

/** Any port, double or adapter, with methods that fail when the test says so. */
export function faulty<Port extends object>(inner: Port): Faulty<Port> {
  const faults = new Map<string, { error: Error; left: number; after: boolean }>();
  const calls: Method<Port>[] = [];
  const port = new Proxy(inner, {
    get(target, name) {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== 'function' || typeof name !== 'string') return method;
      return (...args: unknown[]) => {
        calls.push(name as Method<Port>);
        const fault = faults.get(name);
        const call = () => Reflect.apply(method, target, args) as unknown;
        if (!fault || fault.left-- <= 0) return call();
        return fault.after
          ? Promise.resolve(call()).then(() => Promise.reject(fault.error))
          : Promise.reject(fault.error);
      };
    },
  });
  return {
    port,
    calls,
    fail: (method, error, { times = Number.POSITIVE_INFINITY, after = false } = {}) =>
      void faults.set(method, { error, left: times, after }),
    heal: () => faults.clear(),
  };
}
