import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { CredentialsRefused, UnderstudyError } from '../../../../lib/domain/errors.ts';
import type { HeartbeatRow } from '../../../../lib/domain/proof/heartbeat-proof.ts';
import {
  readSourceChanges,
  type SourceChangesDeps,
} from '../../../../lib/restore/instance/source-changes.ts';
import { manifest } from '../../../support/builders.ts';
import { planOf } from '../../../support/snapshots.ts';

const MOMENT = '2026-11-20T11:55:00Z';
const text = Buffer.from(JSON.stringify(manifest()));
const sha256 = createHash('sha256').update(text).digest('hex');
const MANIFEST = { key: 'm', versionId: 'v', bytes: text.length, sha256 };
const SINCE = {
  definitions: 'touched' as const,
  changed: {},
  written: [{ table: 0, unknown: true as const }],
};
const row = (at: string): HeartbeatRow => ({
  minute: `${at.slice(0, 16)}:00Z`,
  writtenAt: at,
  committedBy: at,
});
/** Just outside and just inside of six hours before the moment, and of a quarter after it. */
const ROWS = ['T05:54:58.000000', 'T05:55:01.000000', 'T12:09:59.999999', 'T12:10:01.000000'].map((at) =>
  row(`2026-11-20${at}Z`),
);

/** A source whose password is `old`, and `new` to whom asks for it again. */
function world({ heartbeat = true, valid = 'old' } = {}) {
  const asked: string[] = [];
  const account = { host: 'h', port: 1, database: 'd', user: 'u', sslmode: 'require' as const };
  const open = ({ password }: { password: string }) => {
    asked.push(password);
    if (password !== valid) throw new CredentialsRefused('credentials-refused', 'rotated');
  };
  const unasked = () => Promise.reject(new Error('not asked for'));
  const deps: SourceChangesDeps = {
    plan: planOf({ target: { heartbeat } }),
    vault: { read: async () => Readable.from([text]) },
    secrets: {
      credentials: async (_target, options) => ({ ...account, password: options?.again ? 'new' : 'old' }),
    },
    instances: {
      open: unasked,
      since: async (credentials) => {
        open(credentials);
        return SINCE;
      },
    },
    heartbeat: {
      write: unasked,
      rows: async (credentials, from) => {
        open(credentials);
        return ROWS.filter(({ writtenAt }) => writtenAt >= from);
      },
    },
  };
  const read = (changes: object = { manifest: MANIFEST }) =>
    readSourceChanges({ ask: 'changes', target: 'crm', moment: MOMENT, ...changes }, deps);
  return { deps, asked, read };
}

describe('readSourceChanges', () => {
  it('gives what changed since the manifest, and the heartbeat from six hours before to a quarter after', async () => {
    expect(await world().read()).toEqual({ since: SINCE, heartbeat: [ROWS[1], ROWS[2]] });
  });

  it('gives no heartbeat of a target without one, and no changes without a manifest', async () => {
    expect(await world({ heartbeat: false }).read({})).toEqual({});
  });

  it('gives as many written tables as a checkpoint holds, and else says so beside the heartbeat', async () => {
    const { deps, read } = world();
    const reading = async (tables: number) => {
      const written = Array.from({ length: tables }, (_, table) => ({ table, unknown: true as const }));
      deps.instances.since = async () => ({ ...SINCE, written });
      return read();
    };
    expect(await reading(5000)).toMatchObject({ since: expect.anything() });
    const more = await reading(50_000);
    expect(more).toMatchObject({ failed: expect.stringContaining('50000 tables were written') });
    expect(more).not.toHaveProperty('since');
    expect(more.heartbeat).toHaveLength(2);
    expect(Buffer.byteLength(JSON.stringify(more))).toBeLessThan(256_000);
  });

  it('gives the changes, and why it has no heartbeat, when only that cannot be read', async () => {
    const { deps, read } = world();
    const missing = new UnderstudyError('heartbeat-missing', 'there is no table', { hint: 'make it' });
    deps.heartbeat.rows = () => Promise.reject(missing);
    expect(await read()).toEqual({ since: SINCE, heartbeatFailed: 'there is no table; make it' });
  });

  it('asks about the moment that was restored, and fails when the source cannot be asked', async () => {
    const { deps, read } = world();
    const moments: string[] = [];
    deps.instances.since = async (_given, _manifest, moment) => {
      moments.push(moment);
      throw new UnderstudyError('source-unreachable', 'no way');
    };
    await expect(read()).rejects.toMatchObject({ code: 'source-unreachable' });
    expect(moments).toEqual([MOMENT]);
  });

  it('reads rotated credentials once more, and only once', async () => {
    expect(await world({ valid: 'new' }).read()).toHaveProperty('since');
    const refused = world({ valid: 'another' });
    await expect(refused.read()).rejects.toThrow('rotated');
    expect(refused.asked).toEqual(['old', 'new']);
  });

  it('fails when the manifest is not the one on record', async () => {
    const other = { ...MANIFEST, sha256: '0'.repeat(64) };
    await expect(world().read({ manifest: other })).rejects.toBeInstanceOf(UnderstudyError);
  });
});
