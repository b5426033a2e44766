import { VirtualClock } from "../../../src/shared/clock.js";
import { createCredentials, type Credentials } from "../../../src/services/kit/credentials.js";

const realm = { region: "us-east-1", accountId: "000000000000" };
const clock = new VirtualClock();
const make = (secret = "secret of the folder"): Credentials =>
  createCredentials({ realm, clock, secret: () => Buffer.from(secret) });
const request = {
  roleArn: "arn:aws:iam::123456789012:role/path/reader",
  sessionName: "session",
  expiresAtMs: clock.now() + 60_000,
};

describe("session credentials", () => {
  it("have the form that AWS gives them, and differ each time", () => {
    const first = make().issueSession(request);
    expect(first.accessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(first.secretAccessKey).toHaveLength(40);
    expect(first.arn).toBe("arn:aws:sts::123456789012:assumed-role/reader/session");
    expect(make().issueSession(request).accessKeyId).not.toBe(first.accessKeyId);
  });

  it("are known to whoever has the secret of the folder, and to no one else", () => {
    const { accessKeyId, secretAccessKey, sessionToken } = make().issueSession(request);
    expect(make().secretFor(accessKeyId, sessionToken)).toMatchObject({
      status: "ok",
      secretAccessKey,
      caller: { accountId: "123456789012" },
    });
    expect(make("another secret").secretFor(accessKeyId, sessionToken)).toEqual({ status: "invalid-token" });
  });

  it("end with their time", async () => {
    const credentials = make();
    const { accessKeyId, sessionToken } = credentials.issueSession(request);
    expect(credentials.secretFor(accessKeyId, sessionToken).status).toBe("ok");
    await clock.advance(60_000);
    expect(credentials.secretFor(accessKeyId, sessionToken).status).toBe("expired-token");
  });

  it("cannot be stretched by changing the token", () => {
    const { accessKeyId, sessionToken } = make().issueSession({ ...request, expiresAtMs: clock.now() + 1000 });
    const bytes = Buffer.from(sessionToken, "base64");
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(make().secretFor(accessKeyId, changed.toString("base64")).status).toBe("invalid-token");
    }
  });

  it.each(["", "x", "AAAA", "A".repeat(5000), "not base64 at all!", "\u0000"])(
    "are refused for the token %j",
    (token) => {
      expect(make().secretFor("ASIAAAAAAAAAAAAAAAAA", token).status).toBe("invalid-token");
    },
  );
});

describe("the fixed pairs", () => {
  it("are test/test, also with the token that scripts set along with them, and those of the options", () => {
    const credentials = createCredentials({
      realm,
      clock,
      secret: () => Buffer.alloc(32),
      keyPairs: [{ accessKeyId: "a", secretAccessKey: "b" }],
    });
    const root = { accountId: "000000000000", arn: "arn:aws:iam::000000000000:root" };
    expect(credentials.secretFor("test", undefined)).toMatchObject({
      status: "ok",
      secretAccessKey: "test",
      caller: root,
    });
    expect(credentials.secretFor("test", "test").status).toBe("ok");
    expect(credentials.secretFor("a", undefined)).toMatchObject({ status: "ok", secretAccessKey: "b" });
    expect(credentials.secretFor("a", "test").status).toBe("invalid-token");
    expect(credentials.secretFor("nobody", undefined).status).toBe("unknown-key");
  });

  it("need no secret of a folder, so that a start opens none", () => {
    const refuse = (): Buffer => {
      throw new Error("the folder was opened");
    };
    expect(createCredentials({ realm, clock, secret: refuse }).secretFor("test", undefined).status).toBe("ok");
  });
});
