import { columnsOf, firstLine, fitLines, hasWidth, wrap } from '../../../scripts/cli/fit-lines.ts';

test('wrap breaks a text between words, never within a moment, a figure or a command', () => {
  expect(wrap('restored at 2026-11-20 02:00 UTC in 3 min', 20)).toEqual([
    'restored at',
    '2026-11-20 02:00 UTC',
    'in 3 min',
  ]);
  expect(wrap('take one: ./understudy run dump shop', 30)).toEqual([
    'take one:',
    './understudy run dump shop',
  ]);
});

test('fitLines continues a longer line under its own text, and keeps the lines of a message', () => {
  expect(fitLines(['  phases      check 0.2 s, server 1 s, fetch 3 s'], 43)).toEqual([
    '  phases      check 0.2 s, server 1 s,',
    '              fetch 3 s',
  ]);
  expect(fitLines(['P1 restore-failed  first\nDETAIL: second'], 80)).toEqual([
    'P1 restore-failed  first',
    '                   DETAIL: second',
  ]);
});

test('fitLines keeps a command in one piece, however long it is', () => {
  const command = '  aws s3 cp s3://understudy-prod-vault/crm/2026/11/20/20261120T010000Z-1.dump point.dump';
  expect(fitLines([command], 40)).toEqual([command]);
});

test('fitLines does not count colours', () => {
  const red = '\u001b[31mfailed\u001b[39m';
  expect(fitLines([`${red} ${red} ${red}`], 20)).toEqual([`${red} ${red} ${red}`]);
});

test('firstLine gives the first line of a server’s message, cut to a length', () => {
  expect(firstLine('no room\nDETAIL: more')).toBe('no room …');
  expect(firstLine('no room at all', 8)).toBe('no room…');
});

test('the width is that of the terminal, else COLUMNS, else 80, and a pipe without COLUMNS has none', () => {
  expect(columnsOf({ columns: 132 }, { COLUMNS: '60' })).toBe(132);
  expect(columnsOf({}, { COLUMNS: '60' })).toBe(60);
  expect(columnsOf({}, {})).toBe(80);
  expect([hasWidth({}, {}), hasWidth({}, { COLUMNS: '60' }), hasWidth({ isTTY: true }, {})]).toEqual([
    false,
    true,
    true,
  ]);
});
