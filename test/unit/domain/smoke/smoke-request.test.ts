import { makeRequest } from '../../../../lib/domain/smoke/smoke-request.ts';
import type { HttpStep } from '../../../../lib/domain/smoke/smoke-step.ts';

const VALUES: Record<string, string | number> = {
  id: 7,
  path: '../x?y',
  here: 'https://app.example.com/records/7',
  elsewhere: 'https://app.example.com.evil.example/',
  user: 'https://app.example.com@evil.example/',
  crm: 'secret"text',
};
const made = (http: Partial<HttpStep['http']>, base = 'https://app.example.com/v1/') =>
  makeRequest(
    { http: { method: 'POST', url: '/', headers: {}, follow: false, ...http }, timeout: 5 } as HttpStep,
    base,
    (reference) => VALUES['capture' in reference ? reference.capture : reference.secret]!,
  );
const url = (text: string, base?: string) => (made({ url: text }, base) as { url?: string }).url;

test.each([
  ['/a', 'https://app.example.com/v1/a'],
  ['/records/${id}', 'https://app.example.com/v1/records/7'],
  ['/records/${path}/z', 'https://app.example.com/v1/records/..%2Fx%3Fy/z'],
  ['/a?q=${secret:crm}', 'https://app.example.com/v1/a?q=secret%22text'],
  ['${here}', 'https://app.example.com/records/7'],
  ['${here}/rows/${id}', 'https://app.example.com/records/7/rows/7'],
  ['https://login.example.com/${id}', 'https://login.example.com/7'],
])('%s leads to %s', (text, expected) => {
  expect(url(text)).toBe(expected);
});

test.each(['${elsewhere}', '${user}', '${id}', '${path}'])('%s gets no request', (text) => {
  expect(made({ url: text })).toEqual({ unmade: expect.any(String) });
});

test('another application gets the paths, and another host stays', () => {
  expect(url('/a', 'http://127.0.0.1:8080')).toBe('http://127.0.0.1:8080/a');
  expect(url('https://login.example.com/x', 'http://127.0.0.1:8080')).toBe('https://login.example.com/x');
});

test('a text of JSON that is one reference becomes the value itself, and others are escaped', () => {
  const json = { id: '${id}', of: ['n ${id}'], deep: { key: '${secret:crm}', plain: 1, none: null } };
  expect(made({ json })).toMatchObject({
    headers: { 'content-type': 'application/json' },
    body: '{"id":7,"of":["n 7"],"deep":{"key":"secret\\"text","plain":1,"none":null}}',
  });
  const headers = { 'Content-Type': 'application/merge-patch+json' };
  expect(made({ json, headers })).toMatchObject({ headers: { 'content-type': headers['Content-Type'] } });
});
