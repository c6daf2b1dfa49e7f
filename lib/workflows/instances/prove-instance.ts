import { askAssertions } from '../../checks/assertions.ts';
import {
  boundedSchema,
  boundedTable,
  changedSince,
  reshapedIn,
  type SourceSince,
} from '../../domain/bounded.ts';
import { CredentialsRefused, codeOf, reasonOf, saidOf, UnderstudyError } from '../../domain/errors.ts';
import { judgeLedger, type LedgerRow } from '../../domain/ledger.ts';
import type { Manifest, TableFacts } from '../../domain/manifest.ts';
import type { Plan, Target } from '../../domain/policy.ts';
import { sayDifference } from '../../domain/proof.ts';
import { plusSeconds, utc } from '../../domain/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Credentials, InstanceCopy, Instances } from '../../ports/database.ts';
import type { Log } from '../../ports/messages.ts';
import type { ScratchSecrets } from '../../ports/platform.ts';
import type { Vault } from '../../ports/vault.ts';
import { requireTarget } from '../claimed.ts';
import { readManifest } from '../read-manifest.ts';
import { LEDGER_BEFORE } from './look-at-source.ts';
import {
  differ,
  NOTHING_PROVEN,
  note,
  noteCorrupt,
  noting,
  type ProveRequest,
  type ProveResult,
  SHOWN,
} from './proof-slices.ts';

export type ProveDeps = {
  plan: Plan;
  vault: Pick<Vault, 'read'>;
  instances: Instances;
  secrets: ScratchSecrets;
  clock: Clock;
  log: Log;
  secondsLeft: () => number;
};

const RESERVE_SECONDS = 45;
/** A new password takes a while to be in force. In seconds. */
const PASSWORD_TAKES = 300;

/**
 * Proves a restored instance, or the next part of it: schema and ledger first, then every table, the assertions, every
 * index and page. Their order lasts, and how many there were is kept: a slice that skips one is noticed. Each task is done or noted as not done; nothing that was not looked at counts as good.
 */
export async function proveInstance(request: ProveRequest, deps: ProveDeps): Promise<ProveResult> {
  const result = structuredClone(NOTHING_PROVEN);
  const target = requireTarget(deps.plan, request.target);
  try {
    const manifest = request.manifest && (await readManifest(deps.vault, request.manifest));
    const copy = await openWhenReady(request, target, deps);
    try {
      if (request.from === 0) await refuseOpenQuarantine(copy);
      await proveFrom(request, target, manifest, copy, result, deps);
    } finally {
      await copy.close();
    }
  } catch (error) {
    result.failure = saidOf(error);
    deps.log.error('the scratch instance could not be proven', {
      name: request.name,
      failure: result.failure,
    });
  }
  return { ...result, differences: result.differences.slice(0, SHOWN) };
}

/** What the parameters were to silence: a copy whose subscriptions are at work is taken down at once, and proves nothing. */
async function refuseOpenQuarantine(copy: InstanceCopy): Promise<void> {
  const workers = await copy.value("select current_setting('max_logical_replication_workers')");
  if (workers === '0') return;
  throw new UnderstudyError(
    'quarantine-open',
    `the copy runs with max_logical_replication_workers = ${workers ?? '?'}: its subscriptions may act on production`,
    { hint: 'look at the parameter group of the scratch instance; its subnets must have no way out' },
  );
}

type Task = () => Promise<void>;

async function proveFrom(
  request: ProveRequest,
  target: Target,
  manifest: Manifest | undefined,
  copy: InstanceCopy,
  result: ProveResult,
  deps: ProveDeps,
): Promise<void> {
  const tasks: Task[] = [
    ...(manifest ? [() => proveSchema(manifest, request.since, copy, result)] : []),
    ...(request.ledger ? [() => proveLedger(request, request.ledger!, copy, result)] : []),
    ...(manifest ? tableTasks(manifest, request.since, copy, result) : []),
    // The plan's: another one may be deployed while a proof goes on, and would shift what stands behind them.
    ...assertionTasks(request, target, manifest, copy, result),
  ];
  if (request.from === 0) result.compared.tables = manifest?.tables.length ?? 0;
  // amcheck comes last, and is installed then: what that sets off in the copy is in no table that was counted.
  const before = tasks.length;
  let whole = false;
  for (let index = request.from; !(whole && index >= tasks.length); index++) {
    // At least one a slice: what is too long for a whole slice is noted as not done, and the next goes on behind it.
    if (index > request.from && deps.secondsLeft() < RESERVE_SECONDS) {
      result.next = index;
      return;
    }
    if (!whole && index >= before) {
      tasks.push(...(await pageTasks(copy, result, index === before)));
      whole = true;
    }
    await tasks[index]?.();
  }
}

/** amcheck is ours, and was perhaps never at the source. */
const IGNORED = ['amcheck'];

async function proveSchema(
  manifest: Manifest,
  since: SourceSince | undefined,
  copy: InstanceCopy,
  result: ProveResult,
): Promise<void> {
  if (!since) return void result.unchecked.push('schema: the source was not looked at');
  await noting(result, 'schema', async () => {
    const found = boundedSchema(manifest, await copy.schema(), since, IGNORED);
    if (since.definitions === 'untouched') differ(result, found);
    else
      for (const each of found)
        note(
          result.unchecked,
          `${sayDifference(each)}, which it may have been for a moment: definitions were touched since`,
        );
    result.compared.objects = Object.values(manifest.schema).reduce(
      (sum, names) => sum + Object.keys(names).length,
      0,
    );
  });
}

async function proveLedger(
  request: ProveRequest,
  source: readonly LedgerRow[],
  copy: InstanceCopy,
  result: ProveResult,
): Promise<void> {
  await noting(result, 'ledger', async () => {
    const from = utc(plusSeconds(request.moment, -LEDGER_BEFORE));
    const rows = await copy.ledger(from);
    result.ledger = judgeLedger(source, rows, request.toMoment ? request.moment : undefined, request.moment);
  });
}

/** One by one: a few that never end must not use up the time of a whole slice. */
function assertionTasks(
  request: ProveRequest,
  target: Target,
  manifest: Manifest | undefined,
  copy: InstanceCopy,
  result: ProveResult,
): Task[] {
  const answerable = target.assertions.filter(
    (assertion) => assertion.when === 'always' && (manifest !== undefined || !('rowsOf' in assertion)),
  );
  const then = { tables: manifest?.tables ?? [], source: { snapshotAt: request.moment } };
  return answerable.map((assertion) => async () => {
    result.assertions.push(...(await askAssertions(copy, [assertion], then, true)));
  });
}

function tableTasks(
  manifest: Manifest,
  since: SourceSince | undefined,
  copy: InstanceCopy,
  result: ProveResult,
): Task[] {
  const written = new Map((since?.written ?? []).map((each) => [each.table, each]));
  const readsDifferently = reshapedInCopy(manifest, copy);
  return manifest.tables.map((table, index) => async () => {
    const name = `${table.schema}.${table.name}`;
    if (copy.unlogged(table.schema, table.name)) {
      result.compared.unlogged++;
      return void note(result.notes, `${name} is unlogged: a restore empties it`);
    }
    const since_ = since ? written.get(index) : ({ table: index, unknown: true } as const);
    if (since_ && 'unknown' in since_) {
      result.compared.unbounded++;
      return;
    }
    await noting(result, name, async () => {
      const depth = since_ === undefined && table.fingerprint !== undefined ? 'fingerprints' : 'counts';
      const found = await copy.table(table.schema, table.name, depth);
      if (found && found.condition !== table.condition)
        return void note(result.unchecked, `${name}: another part of it is the extension's than at the dump`);
      const differences = boundedTable(table, since_, found);
      if (differences.length > 0 && depth === 'fingerprints' && found?.rows === table.rows)
        if (
          since?.definitions === 'touched' &&
          (await readsDifferently(table, since.fragile?.includes(index) ?? false))
        )
          return void note(
            result.unchecked,
            `${name}: its columns were others for a while since the last dump`,
          );
      differ(result, differences);
      // Without fingerprints only its rows were counted: it is not equal to its last row.
      if (since_ || table.fingerprint === undefined) result.compared.bounded++;
      else result.compared.exact++;
      result.compared.rows = String(BigInt(result.compared.rows) + BigInt(found?.rows ?? 0));
    });
  });
}

/** Which tables' definitions, or types', are others than at the dump: their rows are told from another text. Asked once, if at all. */
function reshapedInCopy(manifest: Manifest, copy: InstanceCopy) {
  let asked: Promise<ReturnType<typeof reshapedIn>> | undefined;
  return async (table: TableFacts, isFragile: boolean): Promise<boolean> => {
    asked ??= copy
      .schema()
      .then((schema) => reshapedIn(changedSince(manifest.schema, schema), manifest.schema));
    return (await asked)(table, isFragile);
  };
}

/** Every index and every table's pages, if amcheck can be had. */
async function pageTasks(copy: InstanceCopy, result: ProveResult, first: boolean): Promise<Task[]> {
  try {
    const found = await copy.checkable();
    if (first) result.compared.checkable = found.length;
    if (first)
      for (const name of await copy.uncheckable())
        note(result.notes, `${name} was not looked into: amcheck knows valid B-trees only`);
    return found.map((what) => async () => {
      await noting(result, what.name, async () => {
        const problem = await copy.check(what);
        if (problem) noteCorrupt(result, what.name, problem);
        result.compared.checked++;
      });
    });
  } catch (error) {
    result.unchecked.push(`indexes: ${reasonOf(error)}`);
    return [];
  }
}

/** The password of ours may not be in force yet, and the endpoint's name not yet known everywhere. */
async function openWhenReady(request: ProveRequest, target: Target, deps: ProveDeps): Promise<InstanceCopy> {
  const credentials: Credentials = {
    host: request.host,
    port: request.port,
    database: request.database,
    user: request.user,
    password: await deps.secrets.password(request.name),
    sslmode:
      target.connection?.sslmode === 'disable' || request.host.startsWith('127.') ? 'disable' : 'require',
  };
  const until = plusSeconds(deps.clock.now(), PASSWORD_TAKES);
  for (;;) {
    try {
      return await deps.instances.open(credentials, () => deps.secondsLeft() - RESERVE_SECONDS / 2);
    } catch (error) {
      const worthWaiting = error instanceof CredentialsRefused || codeOf(error) === 'source-unreachable';
      if (!worthWaiting || deps.clock.now() >= until || deps.secondsLeft() < RESERVE_SECONDS * 2) throw error;
      await deps.clock.sleep(3000);
    }
  }
}
