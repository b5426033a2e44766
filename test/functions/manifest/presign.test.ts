/** The SDK's own presigner is the oracle: our URLs must equal its URLs, character by character. */
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { createPresigner, SigningKeys } from "../../../src/functions/manifest/presign.js";

const AWKWARD_KEYS = [
  "2026/04/plain.pdf",
  "2026/04/with space.pdf",
  "2026/04/a+b=c&d.pdf",
  "2026/04/100%.pdf",
  "2026/04/already%20encoded%2Ftwice.pdf",
  "2026/04/'single' \"double\" `back`.pdf",
  "2026/04/(final) [v2] {draft}!*.pdf",
  "2026/04/Prüfbericht Größe ÄÖÜß.pdf",
  "2026/04/Pru\u0308fbericht decomposed.pdf",
  "2026/04/請求書.pdf",
  "2026/04/🧾 emoji 👩‍💻.pdf",
  "2026/04//double//slash.pdf",
  "/leading/slash.pdf",
  "2026/04/../03/dots.pdf",
  "./single/./dot.pdf",
  "..",
  "2026/04/trailing-slash/",
  "2026/04/semi;colon,comma:colon@at#hash?question=1&x=2.pdf",
  "2026/04/back\\slash|pipe^caret~tilde<angle>.pdf",
  "2026/04/tab\tnewline\nreturn\r.pdf",
  "2026/04/null\u0000and\u007fdelete.pdf",
  "2026/04/nbsp\u00a0zero\u200bwidth.pdf",
  `2026/04/${"x".repeat(1024 - 12)}.pdf`,
  `2026/04/${"ü".repeat((1024 - 12) / 2)}.pdf`,
];

const CREDENTIALS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const SESSION = { ...CREDENTIALS, sessionToken: "IQoJb3JpZ2luX2VjEJr//////+/token==" };
const DATE = new Date("2026-04-30T12:34:56.789Z");

const clientWith = (config: S3ClientConfig): S3Client =>
  new S3Client({ region: "eu-central-1", credentials: CREDENTIALS, ...config });

const theirs = (client: S3Client, bucket: string, key: string, expiresIn: number, signingDate: Date): Promise<string> =>
  getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: key }), { expiresIn, signingDate });

describe("presigned URLs equal the SDK's", () => {
  test.each<[string, S3ClientConfig, string]>([
    ["on AWS, virtual-host style", {}, "my-company-reports-bucket"],
    ["in us-east-1", { region: "us-east-1" }, "my-company-reports-bucket"],
    ["for a bucket with dots, path style", {}, "my.company.reports"],
    ["with a session token", { credentials: SESSION }, "my-company-reports-bucket"],
    [
      "on a custom endpoint with a port, path style",
      { endpoint: "http://127.0.0.1:4566" },
      "my-company-reports-bucket",
    ],
    ["on a custom endpoint, virtual-host style", { endpoint: "http://localhost:4566" }, "my-company-reports-bucket"],
    ["with forced path style", { endpoint: "http://minio:9000", forcePathStyle: true }, "my-company-reports-bucket"],
    ["on an endpoint below a path", { endpoint: "https://store.example.com/s3" }, "my-company-reports-bucket"],
    ["on the dual-stack endpoint", { useDualstackEndpoint: true }, "my-company-reports-bucket"],
    ["with transfer acceleration", { useAccelerateEndpoint: true }, "my-company-reports-bucket"],
    ["through an access point", {}, "arn:aws:s3:eu-central-1:123456789012:accesspoint/reports"],
    ["without response checksums", { responseChecksumValidation: "WHEN_REQUIRED" }, "my-company-reports-bucket"],
  ])("%s", async (_name, config, bucket) => {
    const client = clientWith(config);
    const sign = await (await createPresigner(client, bucket, 3600)).at(DATE);
    for (const key of AWKWARD_KEYS) expect(sign(key)).toBe(await theirs(client, bucket, key, 3600, DATE));
    client.destroy();
  });

  test.each([1, 900, 604_800])("for a life of %i seconds", async (seconds) => {
    const client = clientWith({});
    const sign = await (await createPresigner(client, "reports", seconds)).at(DATE);
    expect(sign("a.pdf")).toBe(await theirs(client, "reports", "a.pdf", seconds, DATE));
    client.destroy();
  });

  test("before and after midnight UTC, with one presigner", async () => {
    const client = clientWith({});
    const presigner = await createPresigner(client, "reports", 60);
    for (const moment of ["2026-04-30T23:59:59.999Z", "2026-05-01T00:00:00.000Z", "2026-04-30T23:59:59.999Z"]) {
      const date = new Date(moment);
      expect((await presigner.at(date))("a.pdf")).toBe(await theirs(client, "reports", "a.pdf", 60, date));
    }
    client.destroy();
  });

  test("after the credentials have rotated, with one presigner", async () => {
    let current: typeof SESSION = SESSION;
    // Credentials that are about to expire are asked for anew each time.
    const client = clientWith({ credentials: () => Promise.resolve({ ...current, expiration: new Date(0) }) });
    const presigner = await createPresigner(client, "reports", 60);
    const before = (await presigner.at(DATE))("a.pdf");
    current = { accessKeyId: "AKIDROTATED", secretAccessKey: "another", sessionToken: "fresh" };
    const after = (await presigner.at(DATE))("a.pdf");
    expect(before).toContain("AKIDEXAMPLE");
    expect(after).toBe(await theirs(client, "reports", "a.pdf", 60, DATE));
    current = { ...current, secretAccessKey: "only the secret changed" };
    expect((await presigner.at(DATE))("a.pdf")).toBe(await theirs(client, "reports", "a.pdf", 60, DATE));
    client.destroy();
  });
});

test("the signing key is derived once for a day, a region and a secret", () => {
  const keys = new SigningKeys();
  const key = keys.get(CREDENTIALS, "20260430", "eu-central-1", "s3");
  expect(keys.get(CREDENTIALS, "20260430", "eu-central-1", "s3")).toBe(key);
  expect(keys.get(CREDENTIALS, "20260501", "eu-central-1", "s3")).not.toBe(key);
  expect(keys.get(CREDENTIALS, "20260501", "us-east-1", "s3")).not.toBe(key);
});

test.each([0, -1, 1.5, 604_801, Number.NaN])(
  "a life of %p seconds is refused, not shortened in silence",
  async (seconds) => {
    const client = clientWith({});
    await expect(createPresigner(client, "reports", seconds)).rejects.toThrow("lives 1 to 604800 seconds");
    client.destroy();
  },
);

test("a bucket that needs another kind of signature is refused by name", async () => {
  const client = clientWith({ region: "us-east-1" });
  const multiRegion = "arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap";
  await expect(createPresigner(client, multiRegion, 60)).rejects.toThrow("sigv4a");
  client.destroy();
});

describe("credentials that die before the URLs", () => {
  const hourLeft = { ...SESSION, expiration: new Date(DATE.getTime() + 3600_000) };

  test.each([
    [3600, 0],
    [7200, 3600],
  ])("a life of %i seconds falls short by %i", async (seconds, shortfall) => {
    const client = clientWith({ credentials: () => Promise.resolve(hourLeft) });
    const presigner = await createPresigner(client, "reports", seconds);
    expect(await presigner.shortfallSeconds(DATE)).toBe(shortfall);
    client.destroy();
  });

  test("credentials that do not say when they die give no warning", async () => {
    const client = clientWith({ credentials: SESSION });
    expect(await (await createPresigner(client, "reports", 604_800)).shortfallSeconds(DATE)).toBe(0);
    client.destroy();
  });
});
