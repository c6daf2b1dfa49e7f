import { failure, restored, taken } from '../support/restored.ts';

describe('an archive with objects that only a superuser can restore', () => {
  const SUPERUSERS = `
    create function leaky(int) returns boolean leakproof language sql as 'select true';
    create cast (varchar as json) with inout as implicit;
    create function intern(text) returns text language internal strict as 'upper';
    create type sized; create function sized_in(cstring) returns sized language internal strict immutable as 'textin';
    create operator family odd using btree;
    create table t (x int); insert into t values (1);
    create index on t (leaky(x))`.replace('returns boolean leakproof', 'returns boolean immutable leakproof');

  it('fails with all of those objects before any row is restored', async () => {
    const error = await failure(await taken(SUPERUSERS));
    expect(error).toMatchObject({
      code: 'restore-needs-superuser',
      hint: expect.stringMatching(/rehearsal\.restoreAs: superuser.*rehearsal\.leaveOut/),
    });
    for (const name of [
      'function public.leaky(integer)',
      'cast CAST (character varying AS json)',
      'function public.intern(text)',
      'operator family public.odd',
    ])
      expect(error!.message).toContain(name);
    expect(error!.message).not.toMatch(/select true|index/);
  });

  it('is restored by a superuser where the policy says so, and proven', async () => {
    expect(await restored(await taken(SUPERUSERS), { restoreAs: 'superuser' })).toMatchObject({
      differences: [],
      exceptions: [],
    });
  });

  it('is restored without the objects that the policy names, and fails when others depend on them', async () => {
    const from = await taken(SUPERUSERS);
    const leaveOut = [
      'function public.leaky',
      'cast CAST (character varying AS json)',
      'function public.intern(text)',
      'operator family public.odd',
      'function public.sized_in(cstring)',
      'type public.sized',
    ];
    const error = await failure(from, { leaveOut });
    expect(error).toMatchObject({
      code: 'restore-left-out',
      message: expect.stringContaining(
        'index public.t_leaky_idx: function public.leaky(integer) does not exist',
      ),
    });
    const { differences, exceptions, notes } = await restored(from, {
      leaveOut: [...leaveOut, 'index public.t_leaky_idx', 'view public.gone'],
    });
    expect(differences).toEqual([]);
    expect(exceptions).toEqual(
      expect.arrayContaining([
        'function public.leaky(integer)',
        'index public.t_leaky_idx',
        'cast CAST (character varying AS json)',
      ]),
    );
    expect(notes).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^left out, as rehearsal\.leaveOut says: .*function public\.leaky\(integer\)/),
        'rehearsal.leaveOut names objects that the archive does not have: view public.gone',
      ]),
    );
  });

  it('of an unaccent index is proven by a superuser’s restore, and without the index', async () => {
    const from = await taken(`create extension unaccent;
      create function immutable_unaccent(regdictionary, text) returns text language c immutable strict as '$libdir/unaccent', 'unaccent_dict';
      create function f_unaccent(text) returns text language sql immutable strict as $$ select public.immutable_unaccent('public.unaccent', $1) $$;
      create table names (n text); insert into names values ('Éric'), ('Zoë'); create index on names (f_unaccent(n))`);
    expect(await failure(from)).toMatchObject({
      code: 'restore-needs-superuser',
      message: expect.stringContaining('function public.immutable_unaccent(regdictionary, text)'),
    });
    expect(await restored(from, { restoreAs: 'superuser' })).toMatchObject({
      differences: [],
      exceptions: [],
    });
    const { differences, exceptions } = await restored(from, {
      leaveOut: [
        'function public.immutable_unaccent',
        'function public.f_unaccent',
        'index public.names_f_unaccent_idx',
      ],
    });
    expect(differences).toEqual([]);
    expect(exceptions).toHaveLength(3);
  });

  it('is restored with a difference for an object that was not named', async () => {
    const from = await taken(
      'create table t (x int primary key); create table u (y int); insert into u values (1)',
    );
    const how = { leaveOut: ['constraint public.t t_pkey'] };
    const { differences } = await restored(from, how, (copy) => copy.sql('drop table public.u'));
    expect(differences.join('; ')).toMatch(/table public\.u missing/);
    expect(differences.join('; ')).not.toMatch(/t_pkey/);
  });
});
