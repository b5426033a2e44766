/**
 * Which route a request takes. REST APIs choose the resource by its path and then ask for the method; HTTP APIs look
 * for routes that take the method and choose among them by path.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */

export interface RoutePattern {
  /** Upper case, or `ANY`. */
  readonly method: string;
  /** `/items/{id}`, `/{proxy+}`, or `$default`. */
  readonly path: string;
}

export interface RouteMatch<R> {
  readonly route: R;
  /** As they stand in the path, not decoded. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Methods that API Gateway knows; `ANY` stands for these. */
const METHODS: ReadonlySet<string> = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]);

const DEFAULT_ROUTE = "$default";

interface Compiled<R> {
  readonly route: R;
  readonly segments: readonly string[];
}

interface Candidate<R> extends RouteMatch<R> {
  /** For each segment: 2 = literal, 1 = variable, 0 = greedy. The higher, the earlier, the better. */
  readonly rank: readonly number[];
}

export class RouteTable<R extends RoutePattern> {
  readonly #kind: "rest" | "http";
  readonly #routes: readonly Compiled<R>[];

  constructor(kind: "rest" | "http", routes: readonly R[]) {
    this.#kind = kind;
    this.#routes = routes.map((route) => ({ route, segments: segmentsOf(route.path) }));
  }

  /** Undefined when nothing takes the request. */
  find(method: string, path: string): RouteMatch<R> | undefined {
    if (!METHODS.has(method)) return undefined;
    const candidates = this.#at(path);
    const takes = ({ route }: RouteMatch<R>): boolean => route.method === method || route.method === "ANY";
    if (this.#kind === "rest") {
      const [first] = candidates;
      const resource = candidates.filter(({ route }) => route.path === first?.route.path);
      return resource.find(({ route }) => route.method === method) ?? resource.find(takes);
    }
    const able = candidates.filter(takes);
    const [best] = able;
    if (best !== undefined)
      return able.find(({ route }) => route.path === best.route.path && route.method === method) ?? best;
    const fallback = this.#routes.find(({ route }) => route.path === DEFAULT_ROUTE);
    return fallback === undefined ? undefined : { route: fallback.route, parameters: {} };
  }

  /** Routes on the same resource as this path, for answers about what a path can do. */
  methodsAt(path: string): readonly string[] {
    const candidates = this.#at(path);
    return candidates.filter(({ route }) => route.path === candidates[0]?.route.path).map(({ route }) => route.method);
  }

  /** Best first. */
  #at(path: string): readonly Candidate<R>[] {
    const segments = segmentsOf(this.#kind === "rest" && path.length > 1 ? path.replace(/\/$/, "") : path);
    return this.#routes
      .flatMap(({ route, segments: pattern }) => match(route, pattern, segments) ?? [])
      .toSorted((a, b) => compare(a.rank, b.rank));
  }
}

const segmentsOf = (path: string): readonly string[] => path.slice(1).split("/");

function match<R extends RoutePattern>(
  route: R,
  pattern: readonly string[],
  segments: readonly string[],
): Candidate<R> | undefined {
  if (route.path === DEFAULT_ROUTE) return undefined;
  const parameters: Record<string, string> = {};
  const rank: number[] = [];
  for (const [index, expected] of pattern.entries()) {
    const actual = segments[index];
    const greedy = /^\{(.+)\+\}$/.exec(expected)?.[1];
    if (greedy !== undefined) {
      const rest = segments.slice(index).join("/");
      if (rest === "") return undefined;
      return { route, parameters: { ...parameters, [greedy]: rest }, rank: [...rank, 0] };
    }
    const variable = /^\{(.+)\}$/.exec(expected)?.[1];
    if (actual === undefined) return undefined;
    if (variable === undefined) {
      if (actual !== expected) return undefined;
      rank.push(2);
      continue;
    }
    // An empty segment is no value.
    if (actual === "") return undefined;
    parameters[variable] = actual;
    rank.push(1);
  }
  return pattern.length === segments.length ? { route, parameters, rank } : undefined;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (b[index] ?? -1) - (a[index] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}
