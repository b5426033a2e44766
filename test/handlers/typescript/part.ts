export interface Named {
  readonly name: string;
}

export function describe(named: Named | undefined): string {
  if (named === undefined) {
    throw new RangeError("nothing to describe");
  }
  return named.name;
}
