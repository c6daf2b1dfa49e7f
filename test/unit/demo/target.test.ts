import { TARGET_ID } from '../../../lib/domain/names.ts';
import { demoTargetId } from '../../../scripts/demo/demo-target-id.ts';

test.each([
  [undefined, 'crm'],
  ['postgres://me:secret@localhost:5432/bookings', 'bookings'],
  ['postgres://localhost/My_Shop%20EU?sslmode=disable', 'my-shop-eu'],
  ['postgres://localhost/42', 'database'],
  ['postgres://localhost', 'database'],
  ['postgres://localhost/understudy', 'database'],
])('the demo of the database %s calls its target %s', (url, expected) => {
  expect(demoTargetId(url)).toBe(expected);
  expect(demoTargetId(url)).toMatch(TARGET_ID);
});
