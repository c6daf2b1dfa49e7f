import { fill, fillJson, type Values } from './references.ts';
import type { HttpStep } from './smoke-step.ts';

/** A request with everything in its place. It holds secrets: it is sent, and never shown. */
export type SmokeRequest = {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string;
  follow: boolean;
  /** Of the whole, in seconds. */
  timeout: number;
};

/** Why a request cannot be made. It quotes no value. */
export type Unmade = { unmade: string };

/** Makes the request of a step: references are replaced, and it leads only where the configuration says. */
export function makeRequest(
  { http, timeout }: HttpStep,
  base: string,
  values: Values,
): SmokeRequest | Unmade {
  // At its start a reference may be a whole address, such as a captured `location`; elsewhere it is a part of one.
  const written = fill(http.url, values, (value, at) => (at === 0 ? value : encodeURIComponent(value)));
  const url = urlOf(written, base);
  if (!url) return { unmade: 'its url is none once the captured values are in it' };
  if (url.origin !== originOf(http.url, base))
    return { unmade: 'a captured value leads to another host, which gets no request' };
  const headers = Object.fromEntries(
    Object.entries(http.headers).map(([name, text]) => [name.toLowerCase(), fill(text, values)]),
  );
  const json = http.json === undefined ? undefined : JSON.stringify(fillJson(http.json, values));
  const body = json ?? (http.body === undefined ? undefined : fill(http.body, values));
  return {
    method: http.method,
    url: url.href,
    headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body }),
    follow: http.follow,
    timeout,
  };
}

/** A request as it is written, for a person who looks before it is sent: references stay as they are. */
export function showRequest({ http }: HttpStep, base: string): string[] {
  const isOwn = http.url.startsWith('/');
  const body = http.json === undefined ? http.body : JSON.stringify(http.json);
  return [
    `${http.method} ${isOwn ? `${withoutSlash(base)}${http.url}` : http.url}`,
    ...Object.entries(http.headers).map(([name, text]) => `${name}: ${text}`),
    ...(body === undefined ? [] : [body]),
  ];
}

/** Where a step may lead: to the host that it names, else to the application. */
function originOf(written: string, base: string): string | undefined {
  return urlOf(/^https?:\/\/[^/?#]*/.exec(written)?.[0] ?? base, base)?.origin;
}

/** `/path` goes below the path of the base. */
function urlOf(text: string, base: string): URL | undefined {
  try {
    const url = new URL(text.startsWith('/') ? `${withoutSlash(base)}${text}` : text);
    return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' ? url : undefined;
  } catch {
    return undefined;
  }
}

const withoutSlash = (base: string) => base.replace(/\/+$/, '');
