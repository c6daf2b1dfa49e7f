import { engineFamily } from '../../../../../lib/adapters/aws/rds/engine-family.ts';

test.each([
  ['postgres', '15.18', 'postgres', false, 'default.postgres15', 'default:postgres-15'],
  [
    'aurora-postgresql',
    '16.4',
    'postgres',
    true,
    'default.aurora-postgresql16',
    'default:aurora-postgresql-16',
  ],
  ['mysql', '8.0.39', 'mysql', false, 'default.mysql8.0', 'default:mysql-8-0'],
  ['mysql', '8.4', 'mysql', false, 'default.mysql8.4', 'default:mysql-8-4'],
  [
    'aurora-mysql',
    '8.0.mysql_aurora.3.05.2',
    'mysql',
    true,
    'default.aurora-mysql8.0',
    'default:aurora-mysql-8-0',
  ],
  ['mariadb', '10.11.8', 'mariadb', false, 'default.mariadb10.11', 'default:mariadb-10-11'],
])(
  'the family of %s %s is %s (Aurora: %s), with parameter group %s and option group %s',
  (engine, engineVersion, known, isAurora, parameterGroup, optionGroup) => {
    expect(engineFamily({ engine, engineVersion })).toEqual({
      engine: known,
      isAurora,
      parameterGroup,
      optionGroup,
    });
  },
);

test('MySQL and MariaDB without a minor version are in the family of minor 0', () => {
  expect(engineFamily({ engine: 'mysql', engineVersion: '8' })).toMatchObject({
    parameterGroup: 'default.mysql8.0',
    optionGroup: 'default:mysql-8-0',
  });
});

test('an engine that Understudy does not know gets no name', () => {
  expect(engineFamily({ engine: 'oracle-ee', engineVersion: '19.0.0.0' }).engine).toBeUndefined();
});
