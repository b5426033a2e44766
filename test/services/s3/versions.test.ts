import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  GetObjectTaggingCommand,
} from "@aws-sdk/client-s3";
import { refusal, startS3, type S3Fixture } from "./fixture.js";
import { element } from "../gateway-fixture.js";

let s3: S3Fixture;
let Bucket = "";
let number = 0;

beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3.stop());
beforeEach(async () => {
  Bucket = `versions-${number++}`;
  await s3.client.send(new CreateBucketCommand({ Bucket }));
  s3.events.length = 0;
});

const set = (Status: "Enabled" | "Suspended") =>
  s3.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
const put = async (Key: string, Body: string) =>
  (await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from(Body) }))).VersionId;
const get = async (Key: string, VersionId?: string) => {
  const got = await s3.client.send(new GetObjectCommand({ Bucket, Key, VersionId }));
  return [await got.Body?.transformToString(), got.VersionId];
};
const remove = (Key: string, VersionId?: string) => s3.client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
const versions = async () => {
  const { Versions = [], DeleteMarkers = [] } = await s3.client.send(new ListObjectVersionsCommand({ Bucket }));
  return {
    objects: Versions.map(({ VersionId }) => VersionId),
    markers: DeleteMarkers.map(({ VersionId }) => VersionId),
  };
};

test("without versioning there are no ids, and a version cannot be named", async () => {
  expect((await s3.client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBeUndefined();
  expect(await put("k", "1")).toBeUndefined();
  expect(await get("k")).toEqual(["1", undefined]);
  expect(await get("k", "null")).toEqual(["1", undefined]);
  expect(await refusal(remove("k", "x".repeat(32)))).toBe("400 InvalidArgument");
});

test("every write is kept, and each is read by its id", async () => {
  await set("Enabled");
  const [first, second] = [await put("k", "1"), await put("k", "2")];
  expect(first).toMatch(/^[\w-]{32}$/);
  expect(await get("k")).toEqual(["2", second]);
  expect(await get("k", first)).toEqual(["1", first]);
  expect((await versions()).objects).toEqual([second, first]);
  expect(await refusal(get("k", "A".repeat(32)))).toBe("404 NoSuchVersion");
  expect(await refusal(get("k", "short"))).toBe("400 InvalidArgument");
  expect(s3.events.map(({ versionId }) => versionId)).toEqual([first, second]);
});

test("versions and delete markers are listed in one order, newest first", async () => {
  await set("Enabled");
  await put("k", "1");
  await remove("k");
  await put("k", "2");
  const { body } = await s3.signed({ path: `/${Bucket}?versions` });
  expect([...body.matchAll(/<(Version|DeleteMarker)>/g)].map(([, name]) => name)).toEqual([
    "Version",
    "DeleteMarker",
    "Version",
  ]);
});

test("a delete leaves a marker; deleting the marker brings the object back", async () => {
  await set("Enabled");
  const id = await put("k", "1");
  const marker = await remove("k");
  expect(marker).toMatchObject({ DeleteMarker: true });
  const hidden = await s3.signed({ path: `/${Bucket}/k` });
  expect([
    hidden.status,
    element(hidden.body, "Code"),
    hidden.headers["x-amz-delete-marker"],
    hidden.headers["x-amz-version-id"],
  ]).toEqual([404, "NoSuchKey", "true", marker.VersionId]);
  const named = await s3.signed({ path: `/${Bucket}/k?versionId=${marker.VersionId}` });
  expect([named.status, element(named.body, "Code"), named.headers["allow"]]).toEqual([
    405,
    "MethodNotAllowed",
    "DELETE",
  ]);
  expect(await versions()).toEqual({ objects: [id], markers: [marker.VersionId] });
  expect(await remove("k", marker.VersionId)).toMatchObject({ DeleteMarker: true, VersionId: marker.VersionId });
  expect(await get("k")).toEqual(["1", id]);
  expect(s3.events.map(({ kind, action }) => `${kind}:${action}`)).toEqual([
    "Created:Put",
    "Removed:DeleteMarkerCreated",
    "Removed:Delete",
  ]);
});

test("deleting the newest version shows the one before it", async () => {
  await set("Enabled");
  const [first, second] = [await put("k", "1"), await put("k", "2")];
  await remove("k", second);
  expect(await get("k")).toEqual(["1", first]);
  await remove("k", first);
  expect(await refusal(get("k"))).toBe("404 NoSuchKey");
  expect(await versions()).toEqual({ objects: [], markers: [] });
});

test("an object from before is the null version; suspended writes replace only that", async () => {
  await put("k", "0");
  await set("Enabled");
  const first = await put("k", "1");
  expect(await get("k", "null")).toEqual(["0", "null"]);
  await set("Suspended");
  await put("k", "2");
  expect((await versions()).objects).toEqual(["null", first]);
  expect(await get("k")).toEqual(["2", "null"]);
  await put("k", "3");
  expect((await versions()).objects).toEqual(["null", first]);
  const marker = await remove("k");
  expect(marker).toMatchObject({ DeleteMarker: true, VersionId: "null" });
  expect(await versions()).toEqual({ objects: [first], markers: ["null"] });
  await put("k", "4");
  expect(await versions()).toEqual({ objects: ["null", first], markers: [] });
});

test("a bucket with old versions is not empty", async () => {
  await set("Enabled");
  const id = await put("k", "1");
  const { VersionId } = await remove("k");
  const answer = await s3.signed({ method: "DELETE", path: `/${Bucket}` });
  expect([answer.status, element(answer.body, "Message")]).toEqual([
    409,
    "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
  ]);
  const done = await s3.client.send(
    new DeleteObjectsCommand({
      Bucket,
      Delete: {
        Objects: [
          { Key: "k", VersionId: id },
          { Key: "k", VersionId },
          { Key: "k", VersionId: "B".repeat(32) },
        ],
      },
    }),
  );
  expect(done.Deleted).toEqual([
    { Key: "k", VersionId: id },
    { Key: "k", VersionId, DeleteMarker: true, DeleteMarkerVersionId: VersionId },
  ]);
  expect(done.Errors).toMatchObject([{ Key: "k", Code: "NoSuchVersion" }]);
  await s3.client.send(new DeleteBucketCommand({ Bucket }));
});

test("an old version is copied, tagged and headed by its id", async () => {
  await set("Enabled");
  const first = await put("k", "1");
  await put("k", "22");
  const copied = await s3.client.send(
    new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/k?versionId=${first}` }),
  );
  expect(copied.CopySourceVersionId).toBe(first);
  expect((await get("copy"))[0]).toBe("1");
  await s3.client.send(
    new PutObjectTaggingCommand({
      Bucket,
      Key: "k",
      VersionId: first,
      Tagging: { TagSet: [{ Key: "a", Value: "b" }] },
    }),
  );
  expect((await s3.client.send(new GetObjectTaggingCommand({ Bucket, Key: "k", VersionId: first }))).TagSet).toEqual([
    { Key: "a", Value: "b" },
  ]);
  expect((await s3.client.send(new GetObjectTaggingCommand({ Bucket, Key: "k" }))).TagSet).toEqual([]);
  expect(await s3.client.send(new HeadObjectCommand({ Bucket, Key: "k", VersionId: first }))).toMatchObject({
    ContentLength: 1,
    TagCount: 1,
  });
  const { VersionId } = await remove("k");
  expect(
    await refusal(
      s3.client.send(new CopyObjectCommand({ Bucket, Key: "x", CopySource: `${Bucket}/k?versionId=${VersionId}` })),
    ),
  ).toBe("400 InvalidRequest");
});
