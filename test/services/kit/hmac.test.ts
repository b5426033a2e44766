import { createHmac, randomBytes } from "node:crypto";
import { createSigner } from "../../../src/services/kit/hmac.js";

describe("the signer of Signature Version 4", () => {
  it("gives the HMAC of Node's own for keys and texts of every length, used again and again", () => {
    for (const keyBytes of [0, 1, 32, 63, 64, 65, 200]) {
      const key = randomBytes(keyBytes);
      const sign = createSigner(key);
      for (const length of [0, 1, 150, 1023, 1024, 1025, 5000, 3]) {
        const text = randomBytes(length).toString("latin1");
        expect(sign(text)).toBe(createHmac("sha256", key).update(text, "latin1").digest("hex"));
      }
    }
  });
});
