/** Requests to the gateway of a fixture, signed by AWS's own clients and signer. */
import { S3Client } from "@aws-sdk/client-s3";
import { SignatureV4 } from "@smithy/signature-v4";
import { element, Sha256, type Answer, type Fixture, type RawRequest } from "./gateway-fixture.js";

export const KEYS = { accessKeyId: "test", secretAccessKey: "test" };
export const REGION = "us-east-1";

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export const s3ClientOf = ({ gateway }: Fixture, credentials: Keys = KEYS): S3Client =>
  new S3Client({ endpoint: gateway.endpoint, region: REGION, credentials, maxAttempts: 1, forcePathStyle: true });

export interface SignOptions {
  readonly service?: string;
  readonly keys?: Keys;
  readonly signingDate?: Date;
  readonly query?: Record<string, string>;
}

/** A request signed by AWS's own signer, ready to be sent or first to be falsified. */
export async function signed(
  { gateway }: Fixture,
  request: RawRequest & { readonly method: string },
  options: SignOptions = {},
): Promise<RawRequest> {
  const { service = "s3", keys = KEYS, signingDate = new Date(), query = {} } = options;
  const signer = new SignatureV4({
    credentials: keys,
    region: REGION,
    service,
    sha256: Sha256,
    uriEscapePath: service !== "s3",
  });
  const { port } = gateway;
  const result = await signer.sign(
    {
      method: request.method,
      protocol: "http:",
      hostname: "127.0.0.1",
      port,
      path: request.path,
      query,
      headers: { host: `127.0.0.1:${port}`, ...(request.headers as Record<string, string>) },
      body: request.body,
    } as Parameters<typeof signer.sign>[0],
    { signingDate },
  );
  const search = Object.entries(query).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  return {
    ...request,
    path: request.path + (search.length > 0 ? `?${search.join("&")}` : ""),
    headers: result.headers,
  };
}

export const failure = ({ status, body }: Answer): [number, string | undefined] => [status, element(body, "Code")];

const AWKWARD_KEYS = [
  "plain.pdf",
  "with space.pdf",
  "a+b=c&d?e#f.pdf",
  "100%25 sure%.pdf",
  `quotes'"(round)[square]{curly}!*~.pdf`,
  "umläute-ß-é.pdf",
  "emoji-😀-漢字.pdf",
  "//double//slash//",
  "./../dots/./..x",
  ":@$,;|\\^`<>",
  `1,024 bytes ${"x".repeat(1012)}`,
  `1,024 bytes ${"ü".repeat(506)}`,
];
/** With a title that is short enough for the name of a test. */
export const TITLED_KEYS = AWKWARD_KEYS.map((key) => [key.slice(0, 40), key] as const);
