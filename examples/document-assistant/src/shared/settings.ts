/** Environment variables, read once per environment and checked: a wrong one ends INIT with its name. */

type Environment = Readonly<Record<string, string | undefined>>;

class ConfigurationError extends Error {
  override name = "ConfigurationError";
}

export function required(name: string, env: Environment = process.env): string {
  const value = env[name];
  if (value === undefined || value === "") throw new ConfigurationError(`${name} is not set.`);
  return value;
}

export function wholeNumber(name: string, byDefault: number, min: number, env: Environment = process.env): number {
  const text = env[name];
  if (text === undefined || text === "") return byDefault;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < min) {
    throw new ConfigurationError(`${name} must be a whole number from ${min}, got "${text}".`);
  }
  return value;
}

export function oneOf<T extends string>(name: string, values: readonly [T, ...T[]], env: Environment = process.env): T {
  const text = env[name] ?? "";
  if (text === "") return values[0];
  const value = values.find((one) => one === text);
  if (value === undefined) throw new ConfigurationError(`${name} must be ${values.join(" or ")}, got "${text}".`);
  return value;
}
