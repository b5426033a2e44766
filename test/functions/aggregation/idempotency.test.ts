/** Who may archive an object, by the row in the table: claims, their end, and what a dead invocation leaves. */
import { CreateTableCommand, DynamoDBClient, GetItemCommand, type AttributeValue } from "@aws-sdk/client-dynamodb";
import { Idempotency, type ClaimResult } from "../../../src/functions/aggregation/idempotency.js";
import { startEmbedded, type Embedded } from "../../services/embedded.js";

let embedded: Embedded;
let client: DynamoDBClient;
let nowSeconds = 1_800_000_000;

beforeAll(async () => {
  embedded = await startEmbedded();
  client = new DynamoDBClient(embedded.client());
  await client.send(
    new CreateTableCommand({
      TableName: "once",
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "ObjectID", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "ObjectID", KeyType: "HASH" }],
    }),
  );
});
afterAll(async () => {
  client.destroy();
  await embedded.close();
});

const CLAIM_SECONDS = 60;
const TTL_SECONDS = 24 * 3600;

/** One invocation of the function. */
const invocation = (owner: string): Idempotency =>
  new Idempotency({
    client,
    table: "once",
    ttlSeconds: TTL_SECONDS,
    owner,
    archiveKey: `archive/${owner}`,
    claimUntilSeconds: nowSeconds + CLAIM_SECONDS,
    nowSeconds: () => nowSeconds,
    signal: new AbortController().signal,
  });

let objects = 0;
const newObject = (): string => `abcd#bucket/key-${objects++}/01`;
async function claimed(result: Promise<ClaimResult>): Promise<Extract<ClaimResult, { kind: "claimed" }>["claim"]> {
  const outcome = await result;
  if (outcome.kind !== "claimed") throw new Error(outcome.kind);
  return outcome.claim;
}

describe("a claim", () => {
  it("is had by one of two invocations", async () => {
    const id = newObject();
    const results = await Promise.all([invocation("a").claim(id, "m"), invocation("b").claim(id, "m")]);
    expect(results.map(({ kind }) => kind).sort()).toEqual(["claimed", "in-progress"]);
  });

  it("is had again by the invocation that has it: the SDK repeats a call whose answer was lost", async () => {
    const id = newObject();
    const first = invocation("a");
    await first.claim(id, "m");
    expect(await first.claim(id, "m")).toMatchObject({ kind: "claimed" });
  });

  it("makes the object a duplicate once it is done, until the time of the row is over, removed or not", async () => {
    const id = newObject();
    const first = invocation("a");
    await first.done(await claimed(first.claim(id, "m")));
    expect(await invocation("b").claim(id, "m")).toEqual({ kind: "done" });
    nowSeconds += TTL_SECONDS;
    // DynamoDB has not removed the row yet.
    expect(await invocation("c").claim(id, "m")).toEqual({
      kind: "claimed",
      claim: { objectId: id, earlierArchives: [] },
    });
  });

  it("that was released can be had at once, and no archive is asked for", async () => {
    const id = newObject();
    const first = invocation("a");
    await first.release(await claimed(first.claim(id, "m")), "the object is gone");
    expect(await claimed(invocation("b").claim(id, "m"))).toEqual({ objectId: id, earlierArchives: [] });
  });

  it("of an invocation that died is free when its time is over, and names the archive to look for", async () => {
    const id = newObject();
    await invocation("a").claim(id, "m");
    nowSeconds += CLAIM_SECONDS - 1;
    expect(await invocation("b").claim(id, "m")).toEqual({ kind: "in-progress" });
    nowSeconds += 1;
    expect((await claimed(invocation("b").claim(id, "m"))).earlierArchives).toEqual(["archive/a"]);
    nowSeconds += CLAIM_SECONDS;
    expect((await claimed(invocation("c").claim(id, "m"))).earlierArchives).toEqual(["archive/a", "archive/b"]);
  });

  it("keeps a time to live that is longer than itself: a row that TTL removed could name no archive", async () => {
    const id = newObject();
    const first = invocation("a");
    const row = async (): Promise<Record<string, AttributeValue>> =>
      (await client.send(new GetItemCommand({ TableName: "once", Key: { ObjectID: { S: id } } }))).Item ?? {};
    const claim = await claimed(first.claim(id, "m"));
    expect(await row()).toMatchObject({
      ClaimedUntil: { N: String(nowSeconds + CLAIM_SECONDS) },
      ExpiresAt: { N: String(nowSeconds + TTL_SECONDS) },
    });
    await first.lapse(claim, "the store is gone");
    expect(await row()).toMatchObject({
      ClaimedUntil: { N: String(nowSeconds) },
      ExpiresAt: { N: String(nowSeconds + TTL_SECONDS) },
    });
  });

  it("that lapsed is free at once, and keeps its archives in mind", async () => {
    const id = newObject();
    const first = invocation("a");
    await first.lapse(await claimed(first.claim(id, "m")), "the store is gone");
    expect((await claimed(invocation("b").claim(id, "m"))).earlierArchives).toEqual(["archive/a"]);
  });

  it("that somebody else took over cannot be finished any more", async () => {
    const id = newObject();
    const slow = invocation("a");
    const claim = await claimed(slow.claim(id, "m"));
    nowSeconds += CLAIM_SECONDS;
    await claimed(invocation("b").claim(id, "m"));
    await expect(slow.done(claim)).rejects.toMatchObject({ name: "ConditionalCheckFailedException" });
  });
});
