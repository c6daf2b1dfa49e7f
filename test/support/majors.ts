/** What may become of a copy: what it is, the statements, and the difference that the proof must name. */
export type Damage = [what: string, sql: string, named: string];

/** One damage for each feature in test/fixtures/majors, by the major that has it first. */
export const DAMAGE: Record<number, Damage[]> = {
  15: [
    [
      'NULLs that are distinct again',
      'alter table m15.people drop constraint people_mail_code_key, add unique (mail, code)',
      'constraint m15.people people_mail_code_key',
    ],
    ['a view that reads as its owner', 'alter view m15.careful reset (security_invoker)', 'view m15.careful'],
    [
      'NULL in a view instead of its table’s default',
      'alter view m15.defaulting alter at set default null',
      'column m15.defaulting.at',
    ],
    ['a lost check option', 'alter view m15.checked reset (check_option)', 'view m15.checked'],
    [
      'a foreign key that sets both columns to NULL',
      'alter table m15.orders drop constraint kept, add constraint kept foreign key (person, id) references m15.pairs on delete set null',
      'constraint m15.orders kept',
    ],
    [
      'a publication of all columns',
      'alter publication m15_columns set table m15.people, m15.orders where (id > 3)',
      'publication m15_columns',
    ],
    [
      'a publication without its filter',
      'alter publication m15_columns set table m15.people (id, mail), m15.orders',
      'publication m15_columns',
    ],
    [
      'a publication without its schema',
      'alter publication m15_schemas drop tables in schema m15',
      'publication m15_schemas',
    ],
    [
      'an enabled trigger of a partition',
      'alter table m15.parted_b enable trigger stamp',
      'trigger m15.parted_b stamp',
    ],
    [
      'another body of a standard SQL function',
      'create or replace function m15.fold(a int, b int) returns table (id int, mail text) language sql stable begin atomic; select p.id, p.mail from m15.people p where p.id between a and b - 1; end',
      'function m15.fold(a integer, b integer)',
    ],
    [
      'a column’s statistics target',
      'alter table m15.people alter column team set statistics -1',
      'column m15.people.team',
    ],
    [
      'an index column’s statistics target',
      'alter index m15.people_lower alter column 1 set statistics 10',
      'index m15.people_lower',
    ],
    [
      'an option of a column',
      'alter table m15.people alter column mail reset (n_distinct)',
      'column m15.people.mail',
    ],
    [
      'an option of a TOAST table',
      'alter table m15.people reset (toast.autovacuum_enabled)',
      'table m15.people',
    ],
    [
      'another compression',
      'alter table m15.spanned alter column label set compression default',
      'column m15.spanned.label',
    ],
    ['a changed multirange', "update m15.spanned set during = '{[1,4),[5,9)}'", 'rows m15.spanned'],
    [
      'a row that moved to another partition',
      "update m15.parted set day = '2026-12-01' where id = 1",
      'rows m15.parted_a',
    ],
    [
      'lost default privileges',
      'alter default privileges for role m15_owner in schema m15 revoke select on tables from m15_reader',
      'default privilege m15_owner m15 r',
    ],
  ],
  16: [
    [
      'other rules of a collation',
      "alter collation m16.swapped rename to swapped_before; create collation m16.swapped (provider = icu, locale = 'und', rules = '&W << v')",
      'collation m16.swapped',
    ],
    [
      'a check without unique keys',
      'alter table m16.words drop constraint is_document, add constraint is_document check (doc is json object)',
      'constraint m16.words is_document',
    ],
    [
      'a check of another constructor',
      'alter table m16.words drop constraint built, add constraint built check (json_array(id, word absent on null) is json array)',
      'constraint m16.words built',
    ],
    [
      'a view of another constructor',
      "create or replace view m16.made as select id, json_object('id': id, 'word': word null on null with unique keys returning jsonb) as one, json_array(id, word returning jsonb) as two, doc is json scalar as three from m16.words",
      'view m16.made',
    ],
    [
      'a view of another aggregate',
      'create or replace view m16.all_made as select json_objectagg(id: word returning jsonb) as one, json_arrayagg(word order by id absent on null returning jsonb) as two, max(word) as three from m16.words',
      'view m16.all_made',
    ],
    [
      'another number in a function',
      "create or replace function m16.build(a int) returns jsonb language sql stable begin atomic; select json_object('a': a, 'b': json_array(1, 0x11, 1_000)); end",
      'function m16.build(a integer)',
    ],
    [
      'a materialized view of another owner',
      'alter materialized view m16.sight owner to m16_group',
      'owner materialized view m16.sight',
    ],
    [
      'another storage',
      'alter table m16.stored alter column body set storage main',
      'column m16.stored.body',
    ],
    [
      'another serialization',
      "create or replace function m16.normal(xml) returns text language sql immutable as 'select xmlserialize(document $1 as text indent)'",
      'function m16.normal(xml)',
    ],
    ['a changed large object', "select lo_put(161616, 0, '\\xff')", 'large objects all'],
    [
      'a large object of another owner',
      'alter large object 161616 owner to m16_group',
      'owner large object 161616',
    ],
    [
      'a large object without its grant',
      'revoke select on large object 161616 from m16_group',
      'grant large object 161616',
    ],
    [
      'a large object without its comment',
      'comment on large object 161616 is null',
      'comment large object 161616',
    ],
  ],
  17: [
    ['a revoked MAINTAIN', 'revoke maintain on m17.kept from m17_keeper', 'grant table m17.kept'],
    [
      'MAINTAIN by default no more',
      'alter default privileges for role m17_owner in schema m17 revoke maintain on tables from m17_keeper',
      'default privilege m17_owner m17 r',
    ],
    [
      'a collation of another locale',
      "alter collation m17.plain rename to plain_before; create collation m17.plain (provider = builtin, locale = 'C')",
      'collation m17.plain',
    ],
    [
      'an identity of a partitioned table',
      'alter table m17.parted alter column id set generated by default',
      'column m17.parted.id',
    ],
    [
      'no exclusion on a partitioned table',
      'alter table m17.parted drop constraint parted_day_id_excl',
      'constraint m17.parted parted_day_id_excl',
    ],
    [
      'a login trigger that is not always enabled',
      'alter event trigger m17_login enable',
      'event trigger m17_login',
    ],
    ['no login trigger', 'drop event trigger m17_login', 'event trigger m17_login'],
    [
      'another time limit of a function',
      "alter function m17.hurried() set transaction_timeout = '8s'",
      'function m17.hurried()',
    ],
    [
      'another column of JSON_TABLE',
      "create or replace view m17.tabled as select k.id, t.* from m17.kept k, json_table(k.doc, '$' as top passing k.id as limit_of columns (row_number for ordinality, n int path '$.n' default 1 on empty, has boolean exists path '$.list', nested path '$.list[*]' columns (each int path '$')) error on error) t",
      'view m17.tabled',
    ],
    [
      'another wrapper of JSON_QUERY',
      "create or replace view m17.asked as select id, json_query(doc, '$.list' with unconditional wrapper keep quotes) as list, json_value(doc, '$.n' returning int default -1 on empty) as n, json_exists(doc, '$.list[*] ? (@ > $x)' passing 20 as x) as big, json_scalar(id) as scalar, json_serialize(doc returning text) as text, json('{\"a\": 1}') as json from m17.kept",
      'view m17.asked',
    ],
    [
      'another method of a path',
      "create or replace view m17.methods as select id, doc @? '$.n.integer() ? (@ > 1)' as bigger, jsonb_path_query_first(doc, '$.at.timestamp_tz().string()') as at from m17.kept",
      'view m17.methods',
    ],
    [
      'another MERGE',
      `create or replace function m17.merge() returns table (what text, id int, n int) language sql begin atomic;
        merge into m17.merged m using (select k.id, (k.doc ->> 'n')::int as n from m17.kept k where k.id < 5) s on m.id = s.id
          when matched then update set n = s.n when not matched by target then insert values (s.id, s.n, false)
          returning merge_action(), m.id, m.n; end`,
      'function m17.merge()',
    ],
    [
      'an interval that ends',
      "update m17.forever set took = '178000000 years' where id = 1",
      'rows m17.forever',
    ],
    [
      'a default that ends',
      "alter table m17.forever alter column took set default '1 day'",
      'column m17.forever.took',
    ],
    [
      'another expression of a column',
      'alter table m17.counted alter column c set expression as (a * b + 0)',
      'column m17.counted.c',
    ],
    ['another statistics target', 'alter statistics m17.many set statistics default', 'statistics m17.many'],
    [
      'a column’s statistics target',
      'alter table m17.counted alter column a set statistics default',
      'column m17.counted.a',
    ],
    ['a domain that may be NULL', 'alter domain m17.filled drop not null', 'type m17.filled'],
  ],
  18: [
    [
      'another virtual column',
      'alter table m18.virtual alter column next set expression as (a + 2)',
      'column m18.virtual.next',
    ],
    [
      'a virtual column of a partition',
      'alter table m18.parted_b alter column twice set expression as (n * 4)',
      'column m18.parted_b.twice',
    ],
    [
      'no check of a virtual column',
      'alter table m18.computed drop constraint small',
      'constraint m18.computed small',
    ],
    [
      'a virtual column that may be NULL',
      'alter table m18.computed drop constraint shown_set',
      'constraint m18.computed shown_set',
    ],
    [
      'another name of NOT NULL',
      'alter table m18.named rename constraint a_is_set to a_was_set',
      'constraint m18.named a_is_set',
    ],
    [
      'a column that may be NULL, of a table whose names others have',
      'alter table m18.zz_first alter n drop not null',
      'constraint m18.zz_first zz_first_n_not_null',
    ],
    [
      'NOT NULL that is inherited',
      'update only m18.heir set b = 0; alter table m18.named alter constraint named_b_not_null inherit',
      'constraint m18.named named_b_not_null',
    ],
    [
      'NOT NULL that was checked',
      'update m18.named set c = 0; alter table m18.named validate constraint c_later',
      'constraint m18.named c_later',
    ],
    [
      'NOT NULL of a partitioned table that was checked',
      'update m18.sections set k = 0; alter table m18.sections validate constraint k_later',
      'constraint m18.sections k_later',
    ],
    ['a domain without its NOT NULL', 'alter domain m18.code drop not null', 'type m18.code'],
    [
      'a key whose periods may overlap',
      'alter table m18.bookings drop constraint booked; alter table m18.rooms drop constraint rooms_once, add constraint rooms_once primary key (room, during)',
      'constraint m18.rooms rooms_once',
    ],
    [
      'a unique constraint whose periods may overlap',
      'alter table m18.rooms drop constraint rooms_note, add constraint rooms_note unique (note, during)',
      'constraint m18.rooms rooms_note',
    ],
    [
      'no foreign key of a period',
      'alter table m18.bookings drop constraint booked',
      'constraint m18.bookings booked',
    ],
    [
      'a check that is enforced',
      'delete from m18.lax; alter table m18.lax drop constraint wished, add constraint wished check (n > 0)',
      'constraint m18.lax wished',
    ],
    [
      'a foreign key that is enforced',
      'delete from m18.lax; alter table m18.lax alter constraint pointed enforced',
      'constraint m18.lax pointed',
    ],
    [
      'another foreign key that is enforced',
      'alter table m18.changed alter constraint changed_room enforced',
      'constraint m18.changed changed_room',
    ],
    [
      'another version of UUIDs',
      'alter table m18.keyed alter column id set default uuidv4()',
      'column m18.keyed.id',
    ],
    [
      'a changed UUID',
      'update m18.keyed set id = uuidv7() where id = (select min(id::text)::uuid from m18.keyed)',
      'rows m18.keyed',
    ],
    [
      'a collation of another locale',
      "alter collation m18.fast rename to fast_before; create collation m18.fast (provider = builtin, locale = 'C.UTF-8')",
      'collation m18.fast',
    ],
    [
      'an index that does not fold case',
      'drop index m18.folded_case; create index folded_case on m18.folded (lower(name))',
      'index m18.folded_case',
    ],
    [
      'a publication without generated columns',
      'alter publication m18_generated set (publish_generated_columns = none)',
      'publication m18_generated',
    ],
    [
      'default privileges of large objects',
      'alter default privileges for role m18_owner revoke select on large objects from m18_reader',
      'default privilege m18_owner L',
    ],
    [
      'another RETURNING',
      'create or replace function m18.renew(a int) returns table (before int, after int) language sql begin atomic; update m18.computed set b = a where id = 1 returning new.b, new.b; end',
      'function m18.renew(a integer)',
    ],
    [
      'a view of another order',
      "create or replace view m18.reversed as select id, reverse('\\x0102'::bytea) as bytes, array_sort(array[b, a], true) as sorted, gamma(a) as gamma from m18.computed",
      'view m18.reversed',
    ],
  ],
};
