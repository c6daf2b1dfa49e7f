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
const MANIFEST = {
  key: 'm',
  versionId: 'v',
  bytes: text.length,
  sha256: createHash('sha256').update(text).digest('hex'),
};
const row = (at: string): HeartbeatRow => ({
  minute: `${at.slice(0, 16)}:00Z`,
  writtenAt: at,
  committedBy: at,
});
const given = { host: 'h', port: 1, database: 'd', user: 'u', password: 'old', sslmode: 'require' as const };

function world(heartbeat = true) {
  const since = {
    definitions: 'touched' as const,
    changed: {},
    written: [{ table: 0, unknown: true as const }],
  };
  const asked: string[] = [];
  let valid = 'old';
  const open = (password: string) => {
    asked.push(password);
    if (password !== valid) throw new CredentialsRefused('credentials-refused', 'rotated');
  };
  const deps = {
    plan: planOf({ target: { heartbeat } }),
    vault: { read: async () => Readable.from([text]) },
    secrets: {
      credentials: async (_target: unknown, options?: { again?: boolean }) => ({
        ...given,
        password: options?.again ? 'new' : 'old',
      }),
    },
    instances: {
      open: () => Promise.reject(new Error('nobody opens it')),
      since: async ({ password }: { password: string }, _manifest: unknown, _moment: string) => {
        open(password);
        return since;
      },
    },
    heartbeat: {
      write: () => Promise.reject(new Error('nobody writes')),
      rows: async ({ password }: { password: string }, from: string) => {
        open(password);
        return [
          '2026-11-20T05:54:58.000000Z',
          '2026-11-20T05:55:01.000000Z',
          '2026-11-20T12:09:59.999999Z',
          '2026-11-20T12:10:01.000000Z',
        ]
          .filter((at) => at >= from)
          .map(row);
      },
    },
  } satisfies SourceChangesDeps;
  const rotate = (to = 'new') => {
    valid = to;
  };
  return { deps, since, asked, rotate };
}

describe('a look at the source', () => {
  it('says what changed since the manifest, and the heartbeat six hours before the moment and a quarter after', async () => {
    const { deps, since } = world();
    expect(
      await readSourceChanges({ ask: 'changes', target: 'crm', moment: MOMENT, manifest: MANIFEST }, deps),
    ).toEqual({
      since,
      heartbeat: [row('2026-11-20T05:55:01.000000Z'), row('2026-11-20T12:09:59.999999Z')],
    });
  });

  it('says of a heartbeat only where the target has one, and of changes only where there is a manifest', async () => {
    expect(
      await readSourceChanges({ ask: 'changes', target: 'crm', moment: MOMENT }, world(false).deps),
    ).toEqual({});
  });

  it('fits into a checkpoint, or says that it would not, and the heartbeat with it', async () => {
    const most = world();
    const size = async (tables: number) => {
      most.deps.instances.since = async () => ({
        definitions: 'touched',
        changed: {},
        written: Array.from({ length: tables }, (_, table) => ({ table, unknown: true as const })),
      });
      const look = await readSourceChanges(
        { ask: 'changes', target: 'crm', moment: MOMENT, manifest: MANIFEST },
        most.deps,
      );
      expect(look.heartbeat).toHaveLength(2);
      return { ...look, bytes: Buffer.byteLength(JSON.stringify(look)) };
    };
    expect(await size(5000)).toMatchObject({ since: expect.anything() });
    const more = await size(50_000);
    expect(more).toMatchObject({ failed: expect.stringContaining('50000 tables were written') });
    expect(more).not.toHaveProperty('since');
    expect(more.bytes).toBeLessThan(256_000);
  });

  it('costs its heartbeat only where that cannot be read', async () => {
    const { deps } = world();
    deps.heartbeat.rows = async () => {
      throw new UnderstudyError('heartbeat-missing', 'there is no table', { hint: 'make it' });
    };
    const look = await readSourceChanges(
      { ask: 'changes', target: 'crm', moment: MOMENT, manifest: MANIFEST },
      deps,
    );
    expect(look).toEqual({ since: expect.anything(), heartbeatFailed: 'there is no table; make it' });
  });

  it('asks about the moment that was restored, and fails when the source cannot be asked', async () => {
    const { deps } = world();
    const look = () =>
      readSourceChanges({ ask: 'changes', target: 'crm', moment: MOMENT, manifest: MANIFEST }, deps);
    const moments: string[] = [];
    deps.instances.since = async (_given, _manifest, moment) => {
      moments.push(moment);
      throw new UnderstudyError('source-unreachable', 'no way');
    };
    await expect(look()).rejects.toMatchObject({ code: 'source-unreachable' });
    expect(moments).toEqual([MOMENT]);
  });

  it('reads rotated credentials once more, and only once', async () => {
    const rotated = world();
    rotated.rotate();
    expect(
      await readSourceChanges(
        { ask: 'changes', target: 'crm', moment: MOMENT, manifest: MANIFEST },
        rotated.deps,
      ),
    ).toHaveProperty('since');
    const refused = world();
    refused.rotate('another');
    await expect(
      readSourceChanges({ ask: 'changes', target: 'crm', moment: MOMENT, manifest: MANIFEST }, refused.deps),
    ).rejects.toThrow('rotated');
    expect(refused.asked).toEqual(['old', 'new']);
  });

  it('is none when the manifest is not the one on record', async () => {
    const look = readSourceChanges(
      { ask: 'changes', target: 'crm', moment: MOMENT, manifest: { ...MANIFEST, sha256: '0'.repeat(64) } },
      world().deps,
    );
    await expect(look).rejects.toBeInstanceOf(UnderstudyError);
  });
});
