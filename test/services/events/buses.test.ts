/** Event buses and their policies, through the official SDK. */
import {
  CreateEventBusCommand,
  DeleteEventBusCommand,
  DescribeEventBusCommand,
  ListEndpointsCommand,
  ListEventBusesCommand,
  ListTagsForResourceCommand,
  PutPermissionCommand,
  RemovePermissionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateEventBusCommand,
} from "@aws-sdk/client-eventbridge";
import { BUS, QUEUE, refusal, RULE, serveEvents, type Events } from "./events-fixture.js";

describe("an event bus", () => {
  let events: Events;
  const create = (Name: string, more: object = {}) => events.client.send(new CreateEventBusCommand({ Name, ...more }));
  const describeBus = (Name?: string) => events.client.send(new DescribeEventBusCommand({ Name }));

  beforeEach(async () => (events = await serveEvents()));
  afterEach(() => events.stop());

  test("named default is always there, and cannot go", async () => {
    expect(await describeBus()).toMatchObject({ Name: "default", Arn: `${BUS}default` });
    expect(await refusal(events.client.send(new DeleteEventBusCommand({ Name: "default" })))).toEqual([
      "ValidationException",
      "Cannot delete event bus default.",
    ]);
    expect(await refusal(create("default"))).toEqual([
      "ResourceAlreadyExistsException",
      "Event bus default already exists.",
    ]);
  });

  test("is made, described, changed and deleted", async () => {
    const made = await create("orders", { Description: "all orders", DeadLetterConfig: { Arn: `${QUEUE}dead` } });
    expect(made).toMatchObject({ EventBusArn: `${BUS}orders`, Description: "all orders" });
    expect(await refusal(create("orders"))).toEqual([
      "ResourceAlreadyExistsException",
      "Event bus orders already exists.",
    ]);
    await events.served.clock.advance(5000);
    await events.client.send(new UpdateEventBusCommand({ Name: "orders", Description: "some" }));
    const bus = await describeBus(`${BUS}orders`);
    expect(bus).toMatchObject({ Name: "orders", Description: "some", DeadLetterConfig: { Arn: `${QUEUE}dead` } });
    expect((bus.LastModifiedTime?.getTime() ?? 0) - (bus.CreationTime?.getTime() ?? 0)).toBe(5000);
    await events.client.send(new DeleteEventBusCommand({ Name: "orders" }));
    expect(await refusal(describeBus("orders"))).toEqual([
      "ResourceNotFoundException",
      "Event bus orders does not exist.",
    ]);
    // One that is not there is deleted.
    await events.client.send(new DeleteEventBusCommand({ Name: "orders" }));
  });

  test("that has rules stays", async () => {
    await create("busy");
    await events.rule("r", { source: ["a"] }, { EventBusName: "busy" });
    expect((await refusal(events.client.send(new DeleteEventBusCommand({ Name: "busy" }))))[0]).toBe(
      "ValidationException",
    );
  });

  test.each([
    ["a b", String.raw`Member must satisfy regular expression pattern: [/\.\-_A-Za-z0-9]+`],
    ["x".repeat(257), "Member must have length less than or equal to 256"],
  ])("is not named %j", async (name, constraint) => {
    const [code, text] = await refusal(create(name));
    expect(code).toBe("ValidationException");
    expect(text).toContain(`at 'name' failed to satisfy constraint: ${constraint}`);
  });

  test("is listed with the others by name, page by page, by the beginning of its name", async () => {
    for (const name of ["b", "a", "c"]) await create(name);
    const names = async (input: object): Promise<unknown[]> => {
      const { EventBuses = [], NextToken } = await events.client.send(new ListEventBusesCommand(input));
      return [EventBuses.map(({ Name }) => Name), NextToken];
    };
    const [first, token] = await names({ Limit: 3 });
    expect(first).toEqual(["a", "b", "c"]);
    expect(await names({ Limit: 3, NextToken: token })).toEqual([["default"], undefined]);
    expect(await names({ NamePrefix: "b" })).toEqual([["b"], undefined]);
  });

  test("has a policy of statements that are added and taken away", async () => {
    const policy = async (): Promise<unknown> => JSON.parse((await describeBus()).Policy ?? "null");
    const put = (StatementId: string, Principal: string, more: object = {}) =>
      events.client.send(new PutPermissionCommand({ Action: "events:PutEvents", StatementId, Principal, ...more }));
    await put("one", "111122223333");
    await put("all", "*", { Condition: { Type: "StringEquals", Key: "aws:PrincipalOrgID", Value: "o-1" } });
    expect(await policy()).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "one",
          Effect: "Allow",
          Principal: { AWS: "arn:aws:iam::111122223333:root" },
          Action: "events:PutEvents",
          Resource: `${BUS}default`,
        },
        {
          Sid: "all",
          Effect: "Allow",
          Principal: "*",
          Action: "events:PutEvents",
          Resource: `${BUS}default`,
          Condition: { StringEquals: { "aws:PrincipalOrgID": "o-1" } },
        },
      ],
    });
    const remove = (input: object) => events.client.send(new RemovePermissionCommand(input));
    await remove({ StatementId: "one" });
    expect(await policy()).toMatchObject({ Statement: [{ Sid: "all" }] });
    expect(await refusal(remove({ StatementId: "one" }))).toEqual([
      "ResourceNotFoundException",
      "Statement with the provided id does not exist.",
    ]);
    await remove({ RemoveAllPermissions: true });
    expect(await policy()).toBeNull();
    expect((await refusal(put("x", "nobody")))[0]).toBe("ValidationException");
  });

  test("and a rule have tags", async () => {
    await create("tagged", { Tags: [{ Key: "a", Value: "1" }] });
    await events.rule("r", { source: ["a"] }, { Tags: [{ Key: "r", Value: "2" }] });
    const tags = async (ResourceARN: string) =>
      (await events.client.send(new ListTagsForResourceCommand({ ResourceARN }))).Tags;
    const ResourceARN = `${BUS}tagged`;
    await events.client.send(new TagResourceCommand({ ResourceARN, Tags: [{ Key: "b", Value: "3" }] }));
    await events.client.send(new UntagResourceCommand({ ResourceARN, TagKeys: ["a"] }));
    expect(await tags(ResourceARN)).toEqual([{ Key: "b", Value: "3" }]);
    expect(await tags(`${RULE}r`)).toEqual([{ Key: "r", Value: "2" }]);
    expect(await refusal(tags(`${RULE}gone`))).toEqual([
      "ResourceNotFoundException",
      "Rule gone does not exist on EventBus default.",
    ]);
  });

  test("has no connections: what is not emulated is refused by its name", async () => {
    expect(await refusal(events.client.send(new ListEndpointsCommand({})))).toEqual([
      "UnsupportedOperationException",
      "ListEndpoints is not emulated by lambda-run.",
    ]);
  });
});
