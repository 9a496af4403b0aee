/**
 * The same values, each made when it is first asked for, and kept. For maps of schemas of which each
 * process reads a few: a schema that is only made takes a kilobyte and more.
 */
export function lazily<T extends Readonly<Record<string, () => unknown>>>(
  makers: T,
): { readonly [Name in keyof T]: ReturnType<T[Name]> } {
  const values: Record<string, unknown> = {};
  for (const [name, make] of Object.entries(makers)) {
    let made: { readonly value: unknown } | null = null;
    Object.defineProperty(values, name, {
      enumerable: true,
      get: () => {
        made ??= { value: make() };
        return made.value;
      },
    });
  }
  return values as { readonly [Name in keyof T]: ReturnType<T[Name]> };
}
