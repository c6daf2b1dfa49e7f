/** `1 table`, `2 tables`, `310,513 rows`. */
export function many(count: number | string, one: string, more = `${one}s`): string {
  const number = Number(count);
  return `${number.toLocaleString('en')} ${number === 1 ? one : more}`;
}
