/**
 * Stands in for somebody else's slow API, behind a function URL. A POST takes a row as JSON and answers after LATENCY_MS
 * (`5000-30000`: anything in between). What a row's `name` says decides the answer, so that failures can be tried: `down` 503,
 * `busy` 429 with Retry-After, `broken` 400.
 */

interface Request {
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Response {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

const LATENCY = /^(\d+)(?:-(\d+))?$/.exec(process.env["LATENCY_MS"] ?? "5000-30000");

/** As a real one would: a row that comes again under its key is not booked twice. */
const seen = new Map<string, Response>();
const MAX_SEEN = 10_000;

export async function handler({ body = "", isBase64Encoded = false, headers = {} }: Request): Promise<Response> {
  const key = headers["idempotency-key"];
  const known = key === undefined ? undefined : seen.get(key);
  if (known !== undefined) return known;
  await new Promise((resolve) => setTimeout(resolve, latencyMs()));
  const answer = answerTo(isBase64Encoded ? Buffer.from(body, "base64").toString("utf8") : body);
  if (key !== undefined && answer.statusCode === 200) {
    if (seen.size >= MAX_SEEN) seen.clear();
    seen.set(key, answer);
  }
  return answer;
}

function latencyMs(): number {
  const least = Number(LATENCY?.[1] ?? 0);
  const most = Number(LATENCY?.[2] ?? least);
  return least + Math.random() * (most - least);
}

function answerTo(text: string): Response {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch {
    return { statusCode: 400, body: '{"message":"no JSON"}' };
  }
  const { id, name } = (row ?? {}) as { readonly id?: unknown; readonly name?: unknown };
  switch (name) {
    case "down":
      return { statusCode: 503, body: '{"message":"down for maintenance"}' };
    case "busy":
      return { statusCode: 429, headers: { "retry-after": "1" }, body: '{"message":"too many requests"}' };
    case "broken":
      return { statusCode: 400, body: '{"message":"not a valid name"}' };
    default:
      return { statusCode: 200, body: JSON.stringify({ accepted: id }) };
  }
}
