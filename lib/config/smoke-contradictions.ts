import { does } from '../domain/plan/engines.ts';
import type { Target } from '../domain/plan/policy.ts';
import { expectedTexts, referencesIn, requestTexts } from '../domain/smoke/references.ts';
import {
  type HttpStep,
  isHttp,
  isSql,
  longest,
  type SmokeStep,
  sqlSteps,
} from '../domain/smoke/smoke-step.ts';
import { humanSeconds } from '../domain/time.ts';
import type { Contradiction } from './policy-contradictions.ts';

/** The longest that all steps may take, in seconds: one function runs them, and has five more minutes. */
const MOST = 600;

/** Smoke steps that cannot be run as they are written, each on its own formally right. */
export function smokeContradictions({ id, engine, connection, smoke }: Target): Contradiction[] {
  const { steps, url } = smoke;
  const found: Contradiction[] = [];
  const say = (where: (string | number)[], message: string) =>
    found.push({ path: ['targets', id, 'smoke', ...where] as string[], message });
  const known = new Map<string, string>();
  if (sqlSteps(smoke).length > 0 && !connection) say([], 'its steps have sql; add connection: { secret: … }');
  if (sqlSteps(smoke).length > 0 && !does(engine, 'dump'))
    say([], `its steps have sql, which ${engine} does not take here`);
  if (longest(steps) > MOST)
    say(
      ['steps'],
      `the steps may take ${humanSeconds(longest(steps))} in all; at most ${humanSeconds(MOST)}: lower timeout or retries`,
    );
  const ordinary = steps.filter((step) => isSql(step) || !step.cleanup);
  steps.forEach((step, index) => {
    const sayOf = (where: readonly string[], message: string) => say(['steps', index, ...where], message);
    if (steps.findIndex(({ name }) => name === step.name) !== index)
      sayOf(['name'], `another step is called "${step.name}"; a name is used once`);
    if (!isHttp(step)) return;
    sayOfUrl(step, url, sayOf);
    const before = step.cleanup ? ordinary : ordinary.slice(0, ordinary.indexOf(step));
    sayOfReferences(step, steps, before, sayOf);
    for (const name of Object.keys(step.capture)) {
      const first = known.get(name);
      if (first !== undefined) sayOf(['capture', name], `"${first}" captures ${name} already`);
      known.set(name, first ?? step.name);
    }
  });
  return found;
}

type Say = (where: readonly string[], message: string) => void;

function sayOfUrl({ http }: HttpStep, base: string | undefined, say: Say): void {
  if (!/^https?:/.test(http.url)) {
    if (base === undefined)
      say(['http', 'url'], 'it has no host; add smoke.url, the address of the application');
    return;
  }
  const host = /^https?:\/\/[^/?#]*/.exec(http.url)![0];
  if (host.includes('${')) say(['http', 'url'], 'a host is written out: it decides where secrets are sent');
  // With another url the step would go to production all the same.
  else if (base !== undefined && new URL(host).origin === new URL(base).origin)
    say(
      ['http', 'url'],
      'it has the host of smoke.url; write only the path, so that --url and a restore apply',
    );
}

function sayOfReferences(
  step: HttpStep,
  all: readonly SmokeStep[],
  before: readonly SmokeStep[],
  say: Say,
): void {
  const captured = (steps: readonly SmokeStep[], name: string) =>
    steps.find((each) => isHttp(each) && Object.hasOwn(each.capture, name));
  const look = (texts: { path: string[]; text: string }[], mayHoldSecrets: boolean) => {
    for (const { path, text } of texts)
      for (const reference of referencesIn(text)) {
        if ('unreadable' in reference)
          say(path, `${reference.unreadable} is none of \${captured} and \${secret:NAME#field}`);
        else if ('secret' in reference) {
          if (!mayHoldSecrets) say(path, 'a secret cannot be expected: write it into the request only');
        } else if (!captured(before, reference.capture)) {
          const later = captured(all, reference.capture);
          say(
            path,
            later
              ? `\${${reference.capture}} is captured later, by "${later.name}"`
              : `no step captures \${${reference.capture}}`,
          );
        }
      }
  };
  look(requestTexts(step), true);
  look(expectedTexts(step), false);
}
