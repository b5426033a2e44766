/** The first request that a process ever gets, before anything has been remembered: this file has no other. */
import { startFixture } from "./gateway-fixture.js";

test("a request without a date is refused for that, not as one of 1970", async () => {
  const fixture = await startFixture();
  try {
    const answer = await fixture.send({
      path: "/bucket",
      headers: {
        authorization:
          "AWS4-HMAC-SHA256 Credential=k/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x",
        "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
      },
    });
    expect(answer.body).toContain("AWS authentication requires a valid Date or x-amz-date header");
  } finally {
    await fixture.stop();
  }
});
