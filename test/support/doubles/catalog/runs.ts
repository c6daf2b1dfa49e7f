import { randomUUID } from 'node:crypto';
import { ClaimLost } from '../../../../lib/domain/errors.ts';
import { runName } from '../../../../lib/domain/names.ts';
import type { Claim, Run } from '../../../../lib/domain/runs/run.ts';
import { plusSeconds, utc } from '../../../../lib/domain/time.ts';
import type { Catalog } from '../../../../lib/ports/catalog.ts';
import { copy, newestFirst, runKey, type Store } from './store.ts';

type Runs = Pick<Catalog, 'claim' | 'renew' | 'finish' | 'run' | 'runs' | 'openRuns'>;

export function memoryRuns(store: Store): Runs {
  return {
    async claim(request) {
      const { job, target, scheduledFor, now, leaseSeconds, token, reason, label } = request;
      const known = store.runs.get(runKey(request));
      const leaseUntil = plusSeconds(now, leaseSeconds).toISOString();
      if (known?.state === 'succeeded' && !request.again) return { outcome: 'done', run: copy(known) };
      if (known?.state === 'running' && known.claimToken === token) {
        known.leaseUntil = leaseUntil;
        return { outcome: 'claimed', claim: claimOf(known) };
      }
      if (known?.state === 'running' && new Date(known.leaseUntil) > now)
        return { outcome: 'held', until: known.leaseUntil };
      const run: Run = {
        job,
        target,
        scheduledFor,
        state: 'running',
        attempt: (known?.attempt ?? 0) + 1,
        requestedBy: request.requestedBy,
        ...(reason ? { reason } : {}),
        ...(label ? { label } : {}),
        startedAt: utc(now),
        leaseUntil,
        claimToken: token ?? randomUUID(),
      };
      store.runs.set(runKey(request), run);
      const dead = known?.state === 'running' ? { takenOverFrom: copy(known) } : {};
      return { outcome: 'claimed', claim: claimOf(run), ...dead };
    },

    async renew(claim, leaseUntil) {
      held(store, claim).leaseUntil = leaseUntil.toISOString();
    },
    async finish(claim, { state, endedAt, summary, point, error, extracted }) {
      const known = store.runs.get(runKey(claim));
      // Said twice is said once.
      if (known?.claimToken === claim.token && known.state === state) return;
      Object.assign(held(store, claim), copy({ state, endedAt, summary, point, error, extracted }));
    },
    run: async (name) => copy(store.runs.get(runKey(name))),
    async runs(target, job, limit) {
      const of = [...store.runs.values()].filter((run) => run.target === target && run.job === job);
      return newestFirst(of, (run) => run.scheduledFor, limit);
    },
    openRuns: async () => copy([...store.runs.values()].filter((run) => run.state === 'running')),
  };
}

/** The claim's own run, while it is running and nobody has taken it over. */
export function held(store: Store, claim: Claim): Run {
  const known = store.runs.get(runKey(claim));
  if (known?.state !== 'running' || known.claimToken !== claim.token) throw new ClaimLost(runName(claim));
  return known;
}

function claimOf({ job, target, scheduledFor, claimToken, attempt }: Run): Claim {
  return { job, target, scheduledFor, token: claimToken, attempt };
}
