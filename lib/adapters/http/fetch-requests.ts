import { Refusal } from '../../domain/errors.ts';
import type { SmokeAnswer } from '../../domain/smoke/judge-answer.ts';
import type { SmokeRequest } from '../../domain/smoke/smoke-request.ts';
import { humanSeconds } from '../../domain/time.ts';
import type { Requests } from '../../ports/smoke.ts';
import { unreachableApplication } from './unreachable-application.ts';

/** The most of an answer that is read. */
const MOST_BYTES = 1_000_000;
const MOST_REDIRECTS = 5;

/** Requests by fetch: the time is of the whole answer, certificates are checked, and a redirect leads to no other host. */
export function fetchRequests({ checksCertificates }: { checksCertificates: boolean }): Requests {
  return {
    async send(request) {
      if (!checksCertificates)
        throw new Refusal('tls-failed', 'NODE_TLS_REJECT_UNAUTHORIZED=0 would send it to anybody', {
          hint: 'unset it; a certificate of your own authority goes into NODE_EXTRA_CA_CERTS',
        });
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(), request.timeout * 1000);
      try {
        return await follow(request, late.signal);
      } catch (error) {
        if (error instanceof Refusal) throw error;
        // Its own messages quote headers and addresses, which hold secrets.
        throw late.signal.aborted ? noAnswer(request) : unreachableApplication(request, error);
      } finally {
        clearTimeout(timer);
        late.abort();
      }
    },
  };
}

async function follow(request: SmokeRequest, signal: AbortSignal): Promise<SmokeAnswer> {
  let { url, method, body } = request;
  for (let redirects = 0; ; redirects++) {
    const headers = { ...request.headers, connection: 'close' };
    const answer = await fetch(url, {
      ...{ method, headers, signal, redirect: 'manual' },
      ...(body === undefined ? {} : { body }),
    });
    const location = request.follow && isRedirect(answer.status) && answer.headers.get('location');
    if (!location) return { ...head(answer), body: await readText(answer) };
    await answer.body?.cancel();
    if (redirects === MOST_REDIRECTS)
      throw new Refusal('redirected', `it redirects more than ${MOST_REDIRECTS} times`);
    const next = URL.parse(location, url);
    if (next?.origin !== new URL(url).origin)
      throw new Refusal('redirected', 'it redirects to another host, which gets no request');
    url = next!.href;
    if (answer.status === 303 || (answer.status < 303 && method === 'POST'))
      [method, body] = [method === 'HEAD' ? 'HEAD' : 'GET', undefined];
  }
}

const isRedirect = (status: number) => [301, 302, 303, 307, 308].includes(status);

function head(answer: Response): Omit<SmokeAnswer, 'body'> {
  const { status, headers } = answer;
  return { status, headers: Object.fromEntries(headers), cookies: headers.getSetCookie() };
}

/** Reads as much as is allowed, whatever the answer says about its length. */
async function readText(answer: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of answer.body ?? []) {
    bytes += part.length;
    if (bytes > MOST_BYTES)
      throw new Refusal(
        'answer-too-large',
        `its answer is larger than ${MOST_BYTES / 1_000_000} MB, and no more is read`,
        { hint: 'ask for less: a page of a list, a HEAD request, or a smaller record' },
      );
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function noAnswer({ timeout }: SmokeRequest): Refusal {
  return new Refusal('no-answer', `no whole answer within ${humanSeconds(timeout)}`, {
    hint: 'look why it hangs, or raise the timeout of the step',
  });
}
