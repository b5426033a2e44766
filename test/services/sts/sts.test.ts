/** STS through the official SDK. */
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSClient,
} from "@aws-sdk/client-sts";
import { createStsService, type StsService } from "../../../src/services/sts/index.js";
import { serveService, type ServedService } from "../harness.js";

const RoleArn = "arn:aws:iam::000000000000:role/service/reader";

describe("STS", () => {
  let served: ServedService<StsService>;
  let client: STSClient;

  beforeAll(async () => {
    served = await serveService(createStsService);
    client = new STSClient(served.client);
  });
  afterAll(async () => {
    client.destroy();
    await served.stop();
  });

  const assume = (more: object = {}) =>
    client.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "me@work", ...more }));

  test("the caller is the account that signed", async () => {
    expect(await client.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: "000000000000",
      UserId: "000000000000",
      Arn: "arn:aws:iam::000000000000:root",
    });
  });

  test("an assumed role gets credentials that stand for its session until they expire", async () => {
    const { Credentials, AssumedRoleUser } = await assume({ DurationSeconds: 900 });
    expect(AssumedRoleUser?.Arn).toBe("arn:aws:sts::000000000000:assumed-role/reader/me@work");
    expect(AssumedRoleUser?.AssumedRoleId).toMatch(/^AROA[A-Z2-7]+:me@work$/);
    expect(Credentials?.AccessKeyId).toMatch(/^ASIA/);
    expect(Credentials?.Expiration?.getTime()).toBe(served.clock.now() + 900_000);
    const lookup = () =>
      served.context.credentials.secretFor(Credentials?.AccessKeyId ?? "", Credentials?.SessionToken);
    expect(lookup()).toMatchObject({
      status: "ok",
      secretAccessKey: Credentials?.SecretAccessKey,
      caller: { arn: AssumedRoleUser?.Arn },
    });
    await served.clock.advance(900_000);
    expect(lookup()).toEqual({ status: "expired-token" });
  });

  test("a session token of one's own keeps who one is", async () => {
    const { Credentials } = await client.send(new GetSessionTokenCommand({}));
    expect(Credentials?.Expiration?.getTime()).toBe(served.clock.now() + 43_200_000);
    expect(
      served.context.credentials.secretFor(Credentials?.AccessKeyId ?? "", Credentials?.SessionToken),
    ).toMatchObject({
      status: "ok",
      caller: { arn: "arn:aws:iam::000000000000:root", userId: "000000000000" },
    });
  });

  test.each([
    [
      { RoleSessionName: "a" },
      "1 validation error detected: Value 'a' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2",
    ],
    [
      { DurationSeconds: 43_201 },
      "1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200",
    ],
    [
      { RoleSessionName: "no spaces" },
      "1 validation error detected: Value 'no spaces' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    ],
    [{ RoleArn: "arn:aws:iam::000000000000:user/someone" }, "arn:aws:iam::000000000000:user/someone is invalid"],
  ])("AssumeRole with %j is refused", async (more, message) => {
    await expect(assume(more)).rejects.toMatchObject({ name: "ValidationError", message });
  });

  test("every key belongs to the one account", async () => {
    expect((await client.send(new GetAccessKeyInfoCommand({ AccessKeyId: "ASIAIOSFODNN7EXAMPLE" }))).Account).toBe(
      "000000000000",
    );
  });

  test("what is not emulated is refused by name", async () => {
    const request = { RoleArn, RoleSessionName: "me", WebIdentityToken: "token" };
    await expect(client.send(new AssumeRoleWithWebIdentityCommand(request))).rejects.toMatchObject({
      name: "InvalidAction",
      message: "The action AssumeRoleWithWebIdentity is not emulated by lambda-run.",
    });
  });
});
