import {
  CreateBucketCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type ListObjectsV2CommandInput,
} from "@aws-sdk/client-s3";
import { silentLogger } from "../../../src/shared/logger.js";
import { Blobs } from "../../../src/services/s3/blobs.js";
import { objectKey } from "../../../src/services/s3/keys.js";
import { S3Store } from "../../../src/services/s3/store.js";
import { StateStore } from "../../../src/services/kit/state-store.js";
import { byText, refusal, startS3, type S3Fixture } from "./fixture.js";
import { element } from "../gateway-fixture.js";

const Bucket = "listing";
/** In the order of their UTF-8 bytes; JavaScript's own order would put the emoji before the fullwidth letter. */
const KEYS = ["a", "a/1", "a/2", "a/b/3", "b c", "b+c", "c/1", "c/2", "d", "zü", "Ａ", "🙂"];
let s3: S3Fixture;

beforeAll(async () => {
  s3 = await startS3();
  for (const name of [Bucket, "empty", "listing-other"])
    await s3.client.send(new CreateBucketCommand({ Bucket: name }));
  for (const Key of KEYS.toReversed())
    await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from(Key) }));
  await s3.client.send(new PutObjectCommand({ Bucket: "listing-other", Key: "stranger", Body: Buffer.from("x") }));
});
afterAll(() => s3.stop());

const v2 = (more: Partial<ListObjectsV2CommandInput> = {}) =>
  s3.client.send(new ListObjectsV2Command({ Bucket, ...more }));
const keysOf = (listed: { Contents?: { Key?: string | undefined }[] | undefined }): (string | undefined)[] =>
  (listed.Contents ?? []).map(({ Key }) => Key);
const prefixesOf = (listed: {
  CommonPrefixes?: { Prefix?: string | undefined }[] | undefined;
}): (string | undefined)[] => (listed.CommonPrefixes ?? []).map(({ Prefix }) => Prefix);

test("keys come in the order of their UTF-8 bytes, those of other buckets not at all", async () => {
  const listed = await v2();
  expect(keysOf(listed)).toEqual(KEYS);
  expect(listed).toMatchObject({ KeyCount: KEYS.length, MaxKeys: 1000, IsTruncated: false, Name: Bucket });
  expect(listed.Contents?.[0]).toMatchObject({
    Size: 1,
    StorageClass: "STANDARD",
    ChecksumAlgorithm: ["CRC32"],
    ChecksumType: "FULL_OBJECT",
  });
  expect(listed.Contents?.[0]?.Owner).toBeUndefined();
  expect((await v2({ FetchOwner: true })).Contents?.[0]?.Owner?.ID).toMatch(/^[0-9a-f]{64}$/);
});

test.each<[Partial<ListObjectsV2CommandInput>, string[], string[]]>([
  [{ Prefix: "a/" }, ["a/1", "a/2", "a/b/3"], []],
  [{ Prefix: "a/", Delimiter: "/" }, ["a/1", "a/2"], ["a/b/"]],
  [{ Delimiter: "/" }, ["a", "b c", "b+c", "d", "zü", "Ａ", "🙂"], ["a/", "c/"]],
  [{ Prefix: "nothing" }, [], []],
  [{ StartAfter: "c/1" }, ["c/2", "d", "zü", "Ａ", "🙂"], []],
  [{ StartAfter: "c/1", Delimiter: "/" }, ["d", "zü", "Ａ", "🙂"], ["c/"]],
  [{ StartAfter: "a/1", Prefix: "a/" }, ["a/2", "a/b/3"], []],
  [{ Delimiter: "c" }, ["a", "a/1", "a/2", "a/b/3", "d", "zü", "Ａ", "🙂"], ["b c", "b+c", "c"]],
  [{ Prefix: "🙂" }, ["🙂"], []],
])("%j lists %j and rolls up %j", async (input, keys, prefixes) => {
  const listed = await v2(input);
  expect(keysOf(listed)).toEqual(keys);
  expect(prefixesOf(listed)).toEqual(prefixes);
  expect(listed.KeyCount).toBe(keys.length + prefixes.length);
});

test.each([1, 2, 3, 5])("pages of %d put together are the whole, prefixes counted", async (MaxKeys) => {
  for (const Delimiter of [undefined, "/"]) {
    const seen: (string | undefined)[] = [];
    let pages = 0;
    for await (const page of paginateListObjectsV2({ client: s3.client }, { Bucket, MaxKeys, Delimiter })) {
      seen.push(...keysOf(page), ...prefixesOf(page));
      expect(page.KeyCount).toBeLessThanOrEqual(MaxKeys);
      pages++;
    }
    const whole = await v2({ Delimiter });
    expect(seen.toSorted(byText)).toEqual([...keysOf(whole), ...prefixesOf(whole)].toSorted(byText));
    expect(pages).toBe(Math.ceil(seen.length / MaxKeys));
  }
});

test("max-keys 0 gives an empty page that is not cut; more than 1,000 is taken as 1,000", async () => {
  expect(await v2({ MaxKeys: 0 })).toMatchObject({ KeyCount: 0, IsTruncated: false, MaxKeys: 0 });
  expect((await v2({ MaxKeys: 5000 })).MaxKeys).toBe(1000);
});

test.each([
  ["max-keys=-1", "InvalidArgument", "Argument maxKeys must be an integer between 0 and 2147483647"],
  ["max-keys=many", "InvalidArgument", "Provided max-keys not an integer or within integer range"],
  ["max-keys=99999999999999999999", "InvalidArgument", "Provided max-keys not an integer or within integer range"],
  ["list-type=2&continuation-token=made-up%20token", "InvalidArgument", "The continuation token provided is incorrect"],
  ["list-type=2&continuation-token=", "InvalidArgument", "The continuation token provided is incorrect"],
  ["encoding-type=rot13", "InvalidArgument", "Invalid Encoding Method specified in Request"],
])("?%s is refused: %s", async (query, code, message) => {
  const { status, body } = await s3.signed({ path: `/${Bucket}?${query}` });
  expect([status, element(body, "Code"), element(body, "Message")]).toEqual([400, code, message]);
});

test("version 1 goes on from a marker, which may be a rolled-up prefix, and names the owner", async () => {
  const v1 = (more: object = {}) => s3.client.send(new ListObjectsCommand({ Bucket, ...more }));
  expect(keysOf(await v1())).toEqual(KEYS);
  expect((await v1()).Contents?.[0]?.Owner?.ID).toBeDefined();
  expect((await v1({ MaxKeys: 2 })).NextMarker).toBeUndefined();
  const seen: (string | undefined)[] = [];
  let Marker: string | undefined;
  do {
    const page = await v1({ MaxKeys: 2, Delimiter: "/", Marker });
    seen.push(...keysOf(page), ...prefixesOf(page));
    Marker = page.NextMarker;
  } while (Marker !== undefined);
  expect(seen.toSorted(byText)).toEqual(["a", "a/", "b c", "b+c", "c/", "d", "zü", "Ａ", "🙂"].toSorted(byText));
  expect(keysOf(await v1({ Marker: "c/1" }))).toEqual(["c/2", "d", "zü", "Ａ", "🙂"]);
});

test("encoding-type=url encodes names and says so", async () => {
  for (const query of [
    "list-type=2&encoding-type=url&delimiter=%2B&prefix=b",
    "encoding-type=url&delimiter=%2B&prefix=b",
  ]) {
    const { body } = await s3.signed({ path: `/${Bucket}?${query}` });
    expect(element(body, "EncodingType")).toBe("url");
    expect(body).toContain("<Key>b+c</Key>");
    expect(body).toContain("<CommonPrefixes><Prefix>b%2B</Prefix></CommonPrefixes>");
    expect(element(body, "Delimiter")).toBe("%2B");
  }
});

test("buckets are listed by name, filtered and in pages", async () => {
  const list = async (more: object = {}) => s3.client.send(new ListBucketsCommand(more));
  const names = ({ Buckets }: { Buckets?: { Name?: string | undefined }[] | undefined }): (string | undefined)[] =>
    (Buckets ?? []).map(({ Name }) => Name);
  expect(names(await list())).toEqual(["empty", "listing", "listing-other"]);
  expect(names(await list({ Prefix: "listing" }))).toEqual(["listing", "listing-other"]);
  const first = await list({ MaxBuckets: 2 });
  expect(names(first)).toEqual(["empty", "listing"]);
  expect(names(await list({ MaxBuckets: 2, ContinuationToken: first.ContinuationToken }))).toEqual(["listing-other"]);
});

test("versions and delete markers are listed newest first, page by page", async () => {
  const Versioned = "versions";
  await s3.client.send(new CreateBucketCommand({ Bucket: Versioned }));
  const write = (Key: string) =>
    s3.client.send(new PutObjectCommand({ Bucket: Versioned, Key, Body: Buffer.from("x") }));
  await write("before");
  await s3.client.send(
    new PutBucketVersioningCommand({ Bucket: Versioned, VersioningConfiguration: { Status: "Enabled" } }),
  );
  for (const Key of ["before", "k", "k", "k", "k/deep/1", "k/deep/2"]) await write(Key);
  await s3.signed({ method: "DELETE", path: `/${Versioned}/k` });
  const list = (more: object = {}) => s3.client.send(new ListObjectVersionsCommand({ Bucket: Versioned, ...more }));
  const whole = await list();
  expect(whole.Versions?.map(({ Key, IsLatest }) => [Key, IsLatest])).toEqual([
    ["before", true],
    ["before", false],
    ["k", false],
    ["k", false],
    ["k", false],
    ["k/deep/1", true],
    ["k/deep/2", true],
  ]);
  expect(whole.Versions?.[1]?.VersionId).toBe("null");
  expect(whole.DeleteMarkers?.map(({ Key, IsLatest }) => [Key, IsLatest])).toEqual([["k", true]]);
  for (const MaxKeys of [1, 2, 3]) {
    const seen: (string | undefined)[] = [];
    let markers: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
    for (;;) {
      const page = await list({ MaxKeys, ...markers });
      seen.push(
        ...[...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(
          ({ Key, VersionId, IsLatest }) => `${Key} ${VersionId} ${IsLatest}`,
        ),
      );
      if (page.IsTruncated !== true) break;
      markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    }
    expect(seen.toSorted(byText)).toEqual(
      [...(whole.Versions ?? []), ...(whole.DeleteMarkers ?? [])]
        .map(({ Key, VersionId, IsLatest }) => `${Key} ${VersionId} ${IsLatest}`)
        .toSorted(byText),
    );
  }
  const rolled = await list({ Delimiter: "/" });
  expect(prefixesOf(rolled)).toEqual(["k/"]);
  expect(await refusal(list({ VersionIdMarker: "null" }))).toBe("400 InvalidArgument");
});

test("versions of a key are not mixed up with those of a key that goes on with NUL", async () => {
  const put = (path: string, body: string) => s3.signed({ method: "PUT", path, body });
  await put("/versions/n", "1");
  await put("/versions/n%00x", "2");
  await put("/versions/n%00x", "3");
  await s3.signed({ method: "DELETE", path: "/versions/n" });
  const { headers } = await s3.signed({ path: "/versions/n" });
  expect(headers["x-amz-delete-marker"]).toBe("true");
  await s3.signed({ method: "DELETE", path: `/versions/n?versionId=${String(headers["x-amz-version-id"])}` });
  expect((await s3.signed({ path: "/versions/n" })).body).toBe("1");
});

test("20,000 keys are listed whole, and a delimiter steps over them", async () => {
  const store = StateStore.ephemeral();
  const many = await startS3({ store });
  try {
    const service = await many.service();
    await service.createBucketIfMissing("many");
    expect(service.isBucketEmpty("many")).toBe(true);
    await many.signed({ method: "PUT", path: "/many/0", body: "x" });
    const rows = new S3Store(store, "s3", many.clock, new Blobs(store, "s3", silentLogger));
    const row = rows.current("many", Buffer.from("0"));
    if (row === undefined) throw new Error("the first object is not there");
    await rows.write(() => {
      for (let i = 1; i < 20_000; i++) void rows.objects.put(objectKey("many", Buffer.from(`${i % 4}/${i}`)), row);
    });
    const seen = new Set<string | undefined>();
    let pages = 0;
    for await (const page of paginateListObjectsV2({ client: many.client }, { Bucket: "many" })) {
      for (const key of keysOf(page)) seen.add(key);
      pages++;
    }
    expect([seen.size, pages]).toEqual([20_000, 20]);
    const rolled = await many.client.send(new ListObjectsV2Command({ Bucket: "many", Delimiter: "/" }));
    expect([keysOf(rolled), prefixesOf(rolled)]).toEqual([["0"], ["0/", "1/", "2/", "3/"]]);
  } finally {
    await many.stop();
    await store.close();
  }
});

test("prefixes and markers longer than any key find what lies behind them", async () => {
  const long = "b".repeat(5000);
  const after = KEYS.slice(KEYS.indexOf("c/1"));
  expect(keysOf(await v2({ Prefix: long }))).toEqual([]);
  expect(keysOf(await v2({ StartAfter: long }))).toEqual(after);
  expect(keysOf(await s3.client.send(new ListObjectsCommand({ Bucket, Marker: long })))).toEqual(after);
  const { Versions = [] } = await s3.client.send(new ListObjectVersionsCommand({ Bucket, KeyMarker: long }));
  expect(Versions.map(({ Key }) => Key)).toEqual(after);
  const { Uploads } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: long, KeyMarker: long }));
  expect(Uploads ?? []).toEqual([]);
});
