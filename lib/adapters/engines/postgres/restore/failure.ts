import { RestoreFailed } from '../../../../domain/errors.ts';
import { type Ending, formatEnding } from '../process.ts';
import { type ArchiveEntry, formatEntry } from './archive-toc.ts';
import type { EntryError, Outcome } from './pg-restore.ts';

/** Entries that were left out before, and that an entry may lack. */
export type Without = { extensions: readonly string[]; named: readonly ArchiveEntry[]; locale: boolean };

type Cause = {
  code: string;
  of: RegExp;
  hint: (without: Without) => string;
  when?: (without: Without) => boolean;
};

const SHOWN = 20;
const ORDERS =
  /violates (?:check|partition|exclusion|unique)|no partition of relation|could not create (?:unique|exclusion)|would be violated|duplicate key/;

/** Errors that are about the place or the role, not about the archive. The first that fits is the cause. */
const CAUSES: Cause[] = [
  {
    code: 'restore-needs-superuser',
    of: /must be superuser|only superuser|superuser-only|must be owner of|permission denied (?:for language|to create|to set|for foreign-data wrapper|for schema pg_)|must have the SUPERUSER attribute|role with the SUPERUSER attribute|aggregate transition data type cannot be/i,
    hint: () =>
      'a managed service would refuse these too; if your emergency server has a superuser, set rehearsal.restoreAs: superuser; otherwise name them under rehearsal.leaveOut, and the rest is proven',
  },
  {
    code: 'restore-needs-label-provider',
    of: /security label provider/,
    hint: () =>
      'the scratch server does not load the provider’s library; name these under rehearsal.leaveOut, and the rest is proven',
  },
  {
    code: 'restore-needs-locale',
    of: /^collation "?.*"? .*does not exist|^collation .* does not exist|could not create locale|invalid locale|ICU locale|could not open collator|invalid input syntax for type money/,
    hint: () =>
      'install the locale (Debian: locales-all; the image has it), or rehearse on a machine that has it; for money it is the source’s lc_monetary',
  },
  {
    code: 'restore-needs-locale',
    of: ORDERS,
    when: ({ locale }) => locale,
    hint: () =>
      'this machine lacks the locale of the source’s database, so text sorts differently; install it (Debian: locales-all; the image has it)',
  },
  {
    code: 'restore-needs-extension',
    of: /does not exist|could not access file|could not load library|unrecognized|not available/,
    when: ({ extensions }) => extensions.length > 0,
    hint: ({ extensions }) =>
      `the scratch server cannot create ${extensions.join(', ')} (the notes say why): add it to the image (pgExtensions), rehearse on a machine that has it, or name these under rehearsal.leaveOut`,
  },
  {
    code: 'restore-needs-library',
    of: /could not access file|could not load library|could not find function .* in file/,
    hint: () =>
      'the scratch server lacks the library of these functions; add its package to the image (pgExtensions), or name these under rehearsal.leaveOut',
  },
  {
    code: 'restore-left-out',
    of: /does not exist/,
    when: ({ named }) => named.length > 0,
    hint: () => 'these depend on objects under rehearsal.leaveOut; add them there',
  },
];

/** Errors that plain pg_restore meets too, and what helps at the source. */
const FIXES: [RegExp, string][] = [
  [
    /violates foreign key constraint/,
    'the source has rows that violate this foreign key: correct them there, or recreate it NOT VALID',
  ],
  [
    /(?:does not exist|must be schema-qualified)[\s\S]*CONTEXT: {2}(?:SQL|PL\/pgSQL) function/,
    'a restore has an empty search_path, so set that of the function in the error: alter function … set search_path = …',
  ],
  [
    /could not create unique index|duplicate key/,
    'the source has rows that violate this unique key: its index may be damaged; check it with amcheck, correct the rows, then REINDEX',
  ],
  [
    /violates (?:check|not-null|partition)/,
    'rows of the source violate this, or its function returns another result in a restore: correct the rows, or set the function’s search_path',
  ],
  [/permission denied/, 'the owner lacks this right in the source too: grant it there'],
];

/**
 * Why a part did not restore, or undefined. Entries that fail only because an entry that they need has failed are
 * counted, not named.
 */
export function failureOf(
  outcome: Outcome,
  entries: readonly ArchiveEntry[],
  without: Without,
): RestoreFailed | undefined {
  const { ending, errors } = outcome;
  if (ending.code === 0) return undefined;
  if (errors.length === 0 || ending.signal !== null || ending.code === null) return unexplained(ending);
  const failed = new Set(errors.flatMap(({ entry }) => (entry ? [entry.id] : [])));
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const first = errors.filter(({ entry }) => !entry || !needsFailed(entry, failed, byId));
  for (const cause of CAUSES) {
    if (cause.when && !cause.when(without)) continue;
    const concerned = first.filter(({ message }) => cause.of.test(message));
    if (concerned.length > 0)
      return new RestoreFailed(cause.code, say(concerned, errors.length), { hint: cause.hint(without) });
  }
  const fixes = new Set(first.flatMap(({ said }) => FIXES.find(([of]) => of.test(said))?.[1] ?? []));
  return new RestoreFailed('restore-failed', say(first, errors.length), {
    hint: `an emergency restore would fail the same way; ${[...fixes, 'fix it in the source database, then take a new dump'].join('; ')}`,
  });
}

function unexplained(ending: Ending): RestoreFailed {
  return new RestoreFailed('restore-failed', formatEnding('pg_restore', ending), {
    hint: 'read the error; `./understudy rehearse` tries again',
  });
}

function needsFailed(
  entry: ArchiveEntry,
  failed: ReadonlySet<number>,
  byId: ReadonlyMap<number, ArchiveEntry>,
): boolean {
  const seen = new Set<number>();
  const left = [...entry.needs];
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    if (failed.has(id)) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    left.push(...(byId.get(id)?.needs ?? []));
  }
  return false;
}

function say(concerned: readonly EntryError[], all: number): string {
  const lines = concerned
    .slice(0, SHOWN)
    .map(({ entry, message }) => (entry ? `${formatEntry(entry)}: ${message}` : message));
  const more = concerned.length > SHOWN ? [`and ${concerned.length - SHOWN} more`] : [];
  const others = all - concerned.length;
  const beside = others > 0 ? ` (and ${others} more errors after these)` : '';
  return `pg_restore could not restore ${[...lines, ...more].join('; ')}${beside}`;
}
