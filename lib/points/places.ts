import { UnderstudyError } from '../domain/errors.ts';
import { placeOf, type Target } from '../domain/plan/policy.ts';
import type { Place } from '../ports/platform.ts';

/** The Region that the deployment and its sources are in. */
export function homePlace(region: string): Place {
  return { name: region, region };
}

/** Every place where a target's snapshots may lie by its policy, its own Region first. */
export function placesOf(target: Target, home: string): Place[] {
  return [
    homePlace(home),
    ...target.policy.snapshot.copies.map((copy) => ({
      name: placeOf(copy),
      region: copy.region,
      account: copy.account,
      role: copy.role,
    })),
  ];
}

/** A place by its name in a point. One that the policy no longer names can still be reached, unless it needed a role. */
export function placeNamed(target: Target, name: string, home: string): Place {
  const known = placesOf(target, home).find((place) => place.name === name);
  if (known) return known;
  const [region, account] = name.split('/');
  if (account === undefined) return { name, region: region! };
  throw new UnderstudyError(
    'place-unknown',
    `${target.id} has points in ${name}, and its policy ${target.policy.name} no longer names a role there`,
    { hint: 'put the copy back under snapshot.copies until the last of them has expired' },
  );
}

const COPY_TO = 'copy to ';

/** The subject of a failing copy: one place's success must not hide another's failure. */
export function subjectOfCopy(place: string): string {
  return `${COPY_TO}${place}`;
}

/** Returns the place in such a subject. */
export function placeOfCopy(subject: string): string | undefined {
  return subject.startsWith(COPY_TO) ? subject.slice(COPY_TO.length) : undefined;
}
