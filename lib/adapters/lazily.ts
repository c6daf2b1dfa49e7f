/**
 * A port whose adapter is loaded by its first call: what a request does not need is not evaluated. Every method of such a
 * port returns a promise.
 */
export function lazily<Port extends object>(load: () => Promise<Port>): Port {
  let loaded: Promise<Port> | undefined;
  const method =
    (name: string) =>
    async (...args: unknown[]) => {
      loaded ??= load();
      const port = (await loaded) as Record<string, (...args: unknown[]) => unknown>;
      return port[name]!(...args);
    };
  // Not a promise itself when it is awaited.
  return new Proxy({} as Port, { get: (_, name) => (name === 'then' ? undefined : method(String(name))) });
}
