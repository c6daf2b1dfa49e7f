import { TARGET_ID } from '../../../lib/domain/names.ts';
import { targetFor } from '../../../scripts/demo/target.ts';

test.each([
  [undefined, 'crm'],
  ['postgres://me:secret@localhost:5432/bookings', 'bookings'],
  ['postgres://localhost/My_Shop%20EU?sslmode=disable', 'my-shop-eu'],
  ['postgres://localhost/42', 'database'],
  ['postgres://localhost', 'database'],
  ['postgres://localhost/understudy', 'database'],
])('%s is shown as %s', (url, expected) => {
  expect(targetFor(url)).toBe(expected);
  expect(targetFor(url)).toMatch(TARGET_ID);
});
