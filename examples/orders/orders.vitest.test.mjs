// vitest. Run: npx vitest run orders.vitest.test.mjs
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createStack } from "lambda-run";

let stack;
beforeAll(async () => (stack = await createStack({ folder: import.meta.dirname, clock: "virtual" })));
afterEach(() => stack.reset());
afterAll(() => stack.close());

test("an order by HTTP is kept", async () => {
  const response = await stack.http("/orders/7", { method: "PUT", body: JSON.stringify({ quantity: 3 }) });
  expect(response.status).toBe(201);
  expect(await stack.dynamodb.get("Table", { id: "7" })).toEqual({ id: "7", quantity: 3 });
});

test("an order without a quantity is refused", async () => {
  const response = await stack.http("/orders/7", { method: "PUT", body: "{}" });
  expect([response.status, await response.text()]).toEqual([400, "quantity must be a whole number"]);
});

test("an order in a file is kept, and one that cannot be read ends in the queue after two more tries", async () => {
  await stack.s3.put("Inbox", "good order.json", JSON.stringify({ id: "8", quantity: 1 }));
  await stack.waitFor(() => stack.dynamodb.get("Table", { id: "8" }));

  await stack.s3.put("Inbox", "bad.json", "{");
  await stack.waitFor(() => stack.invocations("orders").filter(({ error }) => error !== undefined).length === 1);
  await stack.clock.advance("1m");
  await stack.waitFor(() => stack.invocations("orders").filter(({ error }) => error !== undefined).length === 2);
  await stack.clock.advance("2m");
  const [failure] = await stack.waitFor(async () => {
    const messages = await stack.sqs.receive("Failed");
    return messages.length > 0 && messages;
  });
  expect(JSON.parse(failure.body).requestContext.approximateInvokeCount).toBe(3);
});
