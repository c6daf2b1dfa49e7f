import type { Held, RestorePhase, RestoreRecord } from '../../lib/domain/incidents/restore-record.ts';
import type { DrillSettings, Policy, RestoreSettings } from '../../lib/domain/plan/policy.ts';
import type { RestoreJob } from '../../lib/domain/runs/job.ts';
import {
  httpSteps,
  type Smoke,
  type SmokePriority,
  type SmokeResult,
  type SmokeStep,
  sqlSteps,
} from '../../lib/domain/smoke/smoke-step.ts';
import { utc } from '../../lib/domain/time.ts';
import type { ChangeReader } from '../../lib/ports/databases.ts';
import type { Durable } from '../../lib/ports/durable.ts';
import type { ProveRequest, ProveResult } from '../../lib/restore/prove/proof-slices.ts';
import { answerToRestore } from '../../lib/workflows/emergency/answer.ts';
import { runDrill } from '../../lib/workflows/emergency/drill.ts';
import { type InsideRequest, insideRequest } from '../../lib/workflows/emergency/inside-request.ts';
import { type Loaded, type LoadRequest, loadRequest } from '../../lib/workflows/emergency/load-dump.ts';
import { emergencyRestore } from '../../lib/workflows/emergency/restore.ts';
import { backToOld } from '../../lib/workflows/emergency/rollback.ts';
import { planRestore } from '../../lib/workflows/operator/plan-restore.ts';
import { HOME, platformSnapshot, platformSource, point, policy, snapshotPoint } from './builders.ts';
import { manualClock } from './doubles/clock.ts';
import { memoryDeps } from './doubles/deps.ts';
import { memoryFunctions } from './doubles/functions.ts';
import { memoryHooks } from './doubles/hooks.ts';
import { memoryPlatform } from './doubles/platform.ts';
import { memoryApplicationSecrets, memoryRestored } from './doubles/restored.ts';
import { memoryScratchSecrets } from './doubles/scratch-instances.ts';
import { memoryServices } from './doubles/services.ts';
import { executions } from './executions.ts';
import { openIn } from './records.ts';
import { MANIFEST, NOW, proofOf, SNAPSHOT_AT } from './rehearsals.ts';
import { planOf } from './snapshots.ts';

/** Beside the living database: ids of databases on the same server. */
export const BESIDE = { id: '16384', name: 'crm', made: 'crm_restored_20261120t120000z', madeId: '16500' };
export const OLD = { name: 'crm-db', id: 'db-CRM1', host: 'crm-db.example.internal' };
/** Those of the application; the connection’s own is switched after them. */
export const SECRETS = ['crm/application', 'crm/jobs'];
export const ALL_SECRETS = [...SECRETS, 'understudy/crm'];

type Options = {
  kind?: 'rds' | 'aurora';
  restore?: Partial<RestoreSettings>;
  way?: RestoreJob['way'];
  smoke?: Smoke;
  drill?: DrillSettings;
  /** The new database is made on the living server, which is one’s own or at Neon, or an instance of RDS. */
  beside?: boolean | 'rds';
};

/** A question, and requests: one of each priority. */
const step = (name: string, priority: SmokePriority) => ({
  ...{ name, priority, timeout: 10, retries: 0, retryAfter: 2 },
});
const http = { method: 'GET', url: '/', headers: {}, follow: false };
const request = { http, cleanup: false, expect: { status: [], headers: {}, json: {} }, capture: {} };
export const SMOKE: Smoke = {
  url: 'https://app.example.com',
  steps: [
    { ...step('leads are there', 'P0'), sql: 'select 1', expect: { equals: 1 } },
    { ...step('invoices are there', 'P1'), sql: 'select 2', expect: { equals: 2 } },
    { ...step('log in', 'P0'), ...request },
    { ...step('search', 'P2'), ...request },
  ],
};

/** Production behind an instance, a way back, and a person who answers. Every state of it can be seen. */
export async function emergencyWorld({
  kind = 'rds',
  restore = {},
  way = 'moment',
  smoke = SMOKE,
  drill,
  beside = false,
}: Options = {}) {
  const clock = manualClock(NOW);
  const base = memoryDeps(clock);
  const engine = kind === 'aurora' ? 'aurora-postgresql' : 'postgres';
  const settings: Policy['restore'] = {
    ...policy().restore,
    ...{ freeze: 'read-only', cutover: 'secret', secrets: SECRETS, admin: 'crm/master' },
    ...{ services: [{ cluster: 'web', service: 'crm' }] },
    ...restore,
  };
  const plan = planOf({
    policy: { restore: settings },
    target: { platform: beside === true ? undefined : { kind, id: OLD.name }, smoke, drill },
  });
  const platform = memoryPlatform({
    clock,
    home: HOME,
    sources: [platformSource({ kind, engine, id: OLD.name, resourceId: OLD.id })],
  });
  platform.putSnapshot(platformSnapshot({ of: kind, id: 'snap-02' }));
  const [oldName, oldId] = beside ? [BESIDE.name, BESIDE.id] : [OLD.name, OLD.id];
  const restored = memoryRestored(oldName, oldId);
  const applicationSecrets = memoryApplicationSecrets(ALL_SECRETS, beside ? BESIDE.name : OLD.host);
  const services = memoryServices();
  const hooks = memoryHooks();
  const functions = memoryFunctions();
  const { catalog } = base;
  await catalog.adoptPoint(
    snapshotPoint(SNAPSHOT_AT, { snapshot: { of: kind, id: 'snap-02', masterUser: 'postgres' } }),
  );
  await catalog.adoptPoint(point('2026-11-20T01:00:00Z', { manifest: MANIFEST, database: 'crm' }));
  const { pitr, backups } = (await platform.source({ kind, id: OLD.name }))!;
  await catalog.observe(
    'crm',
    {
      platform: {
        ...{ readAt: NOW, status: 'available', id: OLD.name, resourceId: OLD.id },
        ...{ retention: backups.retention, ...pitr! },
      },
    },
    clock.now(),
  );

  /** The databases: what lets whom in. `writers` would have two entries if two took writes at once. */
  const databases = {
    old: { frozen: false, closed: false },
    new: { closed: false },
    /** Requests that are refused, by what they ask. */
    refuses: {} as Partial<
      Record<InsideRequest['ask'] | 'prove' | 'load', { code: string; message: string }>
    >,
    /** How often it is refused; for ever by default. */
    times: {} as Partial<Record<InsideRequest['ask'], number>>,
    asked: [] as string[],
    /** Whose copy was proven. */
    proven: [] as string[],
    /** What the load of a dump had left out, as each proof was told. */
    provenWithout: [] as ProveRequest['loaded'][],
    /** What was loaded into which instance, and what comes of it. */
    loaded: [] as string[],
    loads: { strength: 'exact', differences: [], notes: [] } as Loaded,
    /** Calls before it that end early, and from where each began. */
    loadParts: [] as Loaded[],
    loadedFrom: [] as Loaded['next'][],
    marks: [] as string[],
    /** How those of the new database differ. */
    migrations: [] as string[],
    /** The databases of the server, each as it was before. */
    before: { crm: {} } as Held,
    fenced: [] as string[][],
    /** What the proof of the copy found. */
    proof: {} as Partial<ProveResult>,
    /** Whom the new database knows, and what each needed. */
    admitted: [{ user: 'crm', as: 'password-set' }],
    /** Names of smoke steps that fail, and for how many rounds of requests; for ever by default. */
    failing: {} as Record<string, number | undefined>,
    /** The function of smoke steps refuses the requests, or dies. */
    smokes: 'well' as 'well' | 'refused' | 'dead',
    sent: [] as unknown[],
    /** What belongs to the new one itself was given to it, or tried to; and how it differs from the living one in that. */
    given: [] as ('trial' | 'given')[],
    differs: [] as string[],
    /** How each membership of who restores would end; a load makes him a member of these, too. */
    memberships: ['revoke shop from postgres'],
    joins: [] as string[],
    /** Who reads the changes of the old one. */
    readers: [] as ChangeReader[],
    /** What the server may still take. */
    free: undefined as number | undefined,
  };
  const server = serverOf(restored.names, databases);
  const answered = (steps: SmokeStep[]) =>
    steps.map(({ name, priority }): SmokeResult => {
      const left = databases.failing[name] ?? 0;
      databases.failing[name] = left - 1;
      return left > 0
        ? { step: name, priority, ok: false, why: 'answered 500' }
        : { step: name, priority, ok: true };
    });
  const application = async (asked: { target: string; url?: string; only?: 'http' }) => {
    databases.sent.push(asked);
    if (databases.smokes === 'dead') throw new Error('out of memory');
    if (databases.smokes === 'refused')
      return { mistake: { message: 'no secret', code: 'secret-unreadable' } };
    return { target: 'crm', startedAt: NOW, endedAt: NOW, results: answered(httpSteps(smoke)) };
  };
  /** By name the new one answers where the old one did. */
  const sideAt = (host: string) => {
    const isOld = host === OLD.host && restored.names.get(OLD.name) === OLD.id;
    return isOld || restored.names.get(host.split('.')[0]!) === OLD.id ? databases.old : databases.new;
  };
  const inside = async (request: InsideRequest | ProveRequest) => {
    const ask = 'ask' in request ? request.ask : 'prove';
    databases.asked.push(ask);
    // As the function takes it: it refuses what it does not know.
    if ('ask' in request) insideRequest.parse(request);
    const isLate = 'notAfter' in request && clock.now() > new Date(request.notAfter!);
    if (isLate && ask !== 'prove')
      return { ok: false, said: { code: 'too-late', message: 'nothing was done' } };
    const refused = databases.refuses[ask];
    if (refused && ask !== 'prove') {
      const left = databases.times[ask] ?? Number.POSITIVE_INFINITY;
      databases.times[ask] = left - 1;
      if (left > 0) return { ok: false, said: refused };
    }
    if (!('ask' in request)) databases.proven.push(request.target);
    if (!('ask' in request)) databases.provenWithout.push(request.loaded);
    if (!('ask' in request)) return proofOf({ ...databases.proof, ...(refused ? { failure: refused } : {}) });
    const at = { at: `${utc(clock.now()).slice(0, 19)}.500Z` };
    const known = beside && 'ask' in request ? server.answer(request) : undefined;
    if (known) return known;
    const side = beside ? server.sideOf(request) : 'at' in request ? sideAt(request.at.host) : undefined;
    if (request.ask === 'freeze') databases.old.frozen = true;
    if (request.ask === 'thaw') databases.old.frozen = false;
    if (request.ask === 'fence') databases.fenced.push(request.databases);
    if (request.ask === 'fence') side!.closed = true;
    if (request.ask === 'unfence') side!.closed = false;
    if (request.ask === 'reopen') databases.new.closed = false;
    const values: Partial<Record<InsideRequest['ask'], unknown>> = {
      ...{ before: databases.before, freeze: at, fence: at },
      warm: { read: 2, cold: 1, first: ['public.archive'] },
      admit: databases.admitted,
      migrations: databases.migrations,
      'expected-migrations': `compared with ${'expected' in request ? request.expected.join() : ''}`,
      ...{ reopen: [], readers: databases.readers, memberships: databases.memberships },
      ...(request.ask === 'smoke' ? { smoke: answered(sqlSteps(smoke)) } : {}),
    };
    return { ok: true, value: values[request.ask] ?? null };
  };
  const deps = {
    ...base,
    ...{ plan, platform, restored, applicationSecrets, services },
    ...{ hooks: hooks.port, functions },
    passwords: memoryScratchSecrets(),
    pace: { first: 30, most: 300 },
    insideFunction: 'inside',
    loadFunction: 'load',
    changesFunction: 'look',
    smokeFunction: 'smoke',
    pick: () => 0,
  };
  const shown = await planRestore(plan.targets[0]!, { beside: beside === 'rds' }, deps);
  const chosen = shown.ways.find((each) => each.kind === way)!;
  const job: RestoreJob = {
    ...{ job: 'restore', target: 'crm', scheduledFor: NOW, requestedBy: 'anna', way },
    ...(chosen.point ? { point: chosen.point } : {}),
    ...(beside === 'rds' ? { beside: true } : {}),
    ...{ asOf: chosen.asOf, confirm: chosen.confirm! },
  };
  const { execution, whilePaused, whole } = executions(clock, {
    inside,
    load: async (request: LoadRequest) => {
      databases.asked.push(request.ask);
      loadRequest.parse(request);
      if (request.ask === 'give') {
        databases.given.push(request.isTrial ? 'trial' : 'given');
        return { ok: true, value: databases.differs };
      }
      databases.memberships = [...databases.memberships, ...databases.joins];
      if (request.mark !== undefined) {
        databases.marks.push(request.mark);
        restored.names.set(request.master.database, BESIDE.madeId);
        databases.loads = { ...databases.loads, id: BESIDE.madeId };
      }
      if (databases.refuses.load) return { ok: false, said: databases.refuses.load };
      databases.loaded.push(`${request.point.id} into ${request.master.name}`);
      databases.loadedFrom.push(request.from);
      return { ok: true, value: databases.loadParts.shift() ?? databases.loads };
    },
    ...hooks.functions,
    smoke: application,
    look: async () => ({ since: { definitions: 'untouched', changed: {}, written: [] } }),
  });
  const record = async () => (await catalog.restore('crm')) as RestoreRecord;
  const answer = (ask: 'approve' | 'reject' | 'abort', by = 'ben') =>
    answerToRestore(
      { ask, target: 'crm', by },
      { plan, catalog, clock, wakes: { wake: async () => undefined } },
    );
  return {
    ...{ deps, clock, catalog, platform, restored, applicationSecrets, services, databases, job, execution },
    ...{ hooks, functions, whilePaused, whole, record, answer, alerts: base.alerts, plan },
    bodyOf:
      (given: Partial<RestoreJob> = {}) =>
      (durable: Durable) =>
        emergencyRestore({ ...job, ...given }, durable, deps),
    drillOf:
      (scheduledFor = NOW) =>
      (durable: Durable) =>
        runDrill({ job: 'drill', target: 'crm', scheduledFor, requestedBy: 'schedule' }, durable, deps),
    rollbackOf: (id: string) => (durable: Durable) =>
      backToOld(
        { job: 'rollback', target: 'crm', scheduledFor: NOW, requestedBy: 'anna', restore: id },
        durable,
        deps,
      ),
    open: () => openIn(catalog),
    /** Approves as soon as it is asked. */
    approving: () =>
      whilePaused(async (pause) => {
        if (pause.startsWith('wait for approval')) await answer('approve').catch(() => undefined);
      }),
    /** A person aborts as soon as the restore is in this phase. */
    abortingIn(phase: RestorePhase) {
      const put = catalog.putRestore.bind(catalog);
      catalog.putRestore = async (stored) => {
        await put(stored);
        if (stored.phase === phase && stored.state === 'running')
          await catalog.answerRestore({
            ...{ target: 'crm', restore: stored.id, answer: 'abort', by: 'ben', at: utc(clock.now()) },
          });
      };
    },
    /** What production sees. */
    production: () => ({
      old: { ...databases.old },
      secrets: ALL_SECRETS.map((secret) => applicationSecrets.versions.get(secret)!.at(-1)!.host),
      name: restored.names.get(oldName),
    }),
  };
}
export type EmergencyWorld = Awaited<ReturnType<typeof emergencyWorld>>;

type OnServer = {
  old: { closed: boolean };
  new: { closed: boolean };
  free: number | undefined;
  memberships: string[];
};

/** A server of one’s own: which database has which name, and which of them is meant. */
function serverOf(names: Map<string, string>, databases: OnServer) {
  const nameOf = (id: string) => [...names].find(([, each]) => each === id)?.[0];
  const refused = (code: string) => ({ ok: false as const, said: { code, message: `it is ${code}` } });
  const value = (value: unknown) => ({ ok: true as const, value });
  const rename = (id: string, to: string) => {
    const from = nameOf(id);
    if (from === undefined) return refused('database-missing');
    if (from !== to && names.has(to)) return refused('database-exists');
    names.delete(from);
    names.set(to, id);
    return value(null);
  };
  return {
    sideOf(request: object) {
      const [name = ''] = 'databases' in request ? (request.databases as string[]) : [];
      return names.get(name) === BESIDE.id ? databases.old : databases.new;
    },
    answer(request: InsideRequest) {
      if ('databases' in request && 'id' in request && request.id !== undefined)
        if (request.databases?.some((name) => names.get(name) !== request.id))
          return refused('another-database');
      if (request.ask === 'server') {
        const { name: database, id, made: makes } = BESIDE;
        const { free, memberships } = databases;
        const seen = {
          memberships,
          user: 'postgres',
          at: { host: OLD.host, port: 5432 },
          database,
          id,
          makes,
        };
        return value({ ...seen, ...(free === undefined ? {} : { free }) });
      }
      if (request.ask === 'find') {
        const name = 'id' in request.which ? nameOf(request.which.id) : request.which.name;
        const id = names.get(name ?? '');
        return value(id === undefined ? null : { id, name });
      }
      return request.ask === 'rename' ? rename(request.id, request.to) : undefined;
    },
  };
}

/** The same beside the living database. */
export const UNTOUCHED_BESIDE = {
  old: { frozen: false, closed: false },
  secrets: [BESIDE.name, BESIDE.name, BESIDE.name],
  name: BESIDE.id,
};

/** Production as nobody has touched it. */
export const UNTOUCHED = {
  old: { frozen: false, closed: false },
  secrets: [OLD.host, OLD.host, OLD.host],
  name: OLD.id,
};
