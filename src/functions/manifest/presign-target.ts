/**
 * Where the GETs of a bucket go (host, path or virtual-host style, extra query parameters) and under which scope
 * they are signed, as the SDK's own client resolves it: region, AWS_ENDPOINT_URL(_S3), dual-stack, access points.
 * A GetObject is driven through the client's middleware and stopped where it would be signed.
 */
import { GetObjectCommand } from "@aws-sdk/client-s3";
import type { S3Client } from "@aws-sdk/client-s3";

export interface PresignTarget {
  /** `https://bucket.s3.eu-central-1.amazonaws.com` */
  readonly origin: string;
  readonly host: string;
  /** Encoded path before the key: `/` or `/bucket/`. */
  readonly pathPrefix: string;
  /** What the SDK puts into every presigned GET: `x-id`, `x-amz-checksum-mode`. */
  readonly query: Readonly<Record<string, string>>;
  readonly region: string;
  readonly service: string;
}

interface StoppedRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the endpoint middleware leaves in the context. */
interface ResolvedContext {
  readonly endpointV2?: {
    readonly properties: {
      readonly authSchemes?: readonly {
        readonly name: string;
        readonly signingName?: string;
        readonly signingRegion?: string;
      }[];
    };
  };
}

const PROBE_KEY = "k";
/** Headers about the one request, which the SDK's presigner leaves out too. */
const REQUEST_ONLY_HEADERS = new Set(["x-amz-user-agent"]);

export async function resolveTarget(client: S3Client, bucket: string): Promise<PresignTarget> {
  const fallbackRegion = await client.config.region();
  let target: PresignTarget | undefined;
  const stopBeforeSigning = (_next: unknown, context: ResolvedContext) => (args: { readonly request: unknown }) => {
    const [scheme] = context.endpointV2?.properties.authSchemes ?? [];
    // sigv4a (multi-region access points) and sigv4-s3express (directory buckets) sign in other ways.
    if (scheme !== undefined && scheme.name !== "sigv4") {
      throw new Error(`it needs ${scheme.name} signatures, which this function does not make.`);
    }
    target = describe(
      args.request as StoppedRequest,
      scheme?.signingRegion ?? fallbackRegion,
      scheme?.signingName ?? "s3",
    );
    return Promise.resolve({ response: {}, output: { $metadata: {} } });
  };
  const stack = client.middlewareStack.clone();
  stack.addRelativeTo(stopBeforeSigning as Parameters<typeof stack.addRelativeTo>[0], {
    name: "stopBeforeSigning",
    relation: "before",
    toMiddleware: "awsAuthMiddleware",
  });
  const command = new GetObjectCommand({ Bucket: bucket, Key: PROBE_KEY });
  await command.resolveMiddleware(stack, client.config, {})({ input: command.input });
  if (target === undefined) throw new Error("The S3 client did not reach the signing step.");
  return target;
}

function describe(request: StoppedRequest, region: string, service: string): PresignTarget {
  const host = request.port === undefined ? request.hostname : `${request.hostname}:${request.port}`;
  const query: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.query ?? {})) query[name] = String(value);
  for (const [name, value] of Object.entries(request.headers)) {
    if (name.startsWith("x-amz-") && !REQUEST_ONLY_HEADERS.has(name)) query[name] = value;
  }
  return {
    origin: `${request.protocol}//${host}`,
    host,
    pathPrefix: request.path.slice(0, -PROBE_KEY.length),
    query,
    region,
    service,
  };
}
