/** Versions and aliases through the official SDK. */
import {
  CreateStateMachineAliasCommand,
  DeleteStateMachineAliasCommand,
  DeleteStateMachineVersionCommand,
  DescribeExecutionCommand,
  DescribeStateMachineAliasCommand,
  DescribeStateMachineCommand,
  ListExecutionsCommand,
  ListStateMachineAliasesCommand,
  ListStateMachineVersionsCommand,
  PublishStateMachineVersionCommand,
  UpdateStateMachineAliasCommand,
  UpdateStateMachineCommand,
} from "@aws-sdk/client-sfn";
import { chosen } from "../../../src/services/states/machines/targets.js";
import { PASS, refusal, world, type World } from "./world.js";

const giving = (n: number): string =>
  JSON.stringify({ StartAt: "Only", States: { Only: { Type: "Pass", Result: n, End: true } } });

describe("Versions and aliases", () => {
  let w: World;
  beforeAll(async () => {
    w = await world();
  });
  afterAll(() => w.stop());

  /** A machine of three revisions, each published: version 1 gives 1, and so on. */
  const three = async (name: string): Promise<string> => {
    const stateMachineArn = await w.machine(name, giving(1), { publish: true });
    for (const n of [2, 3])
      await w.sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition: giving(n), publish: true }));
    return stateMachineArn;
  };
  const alias = (name: string, routes: readonly (readonly [arn: string, weight: number])[]) =>
    w.sfn.send(
      new CreateStateMachineAliasCommand({
        name,
        routingConfiguration: routes.map(([stateMachineVersionArn, weight]) => ({ stateMachineVersionArn, weight })),
      }),
    );

  test("a version keeps its definition, and publishing one revision twice makes one version", async () => {
    const stateMachineArn = await three("versions");
    const publish = (more: object = {}) =>
      w.sfn.send(new PublishStateMachineVersionCommand({ stateMachineArn, ...more }));
    expect((await publish()).stateMachineVersionArn).toBe(`${stateMachineArn}:3`);
    const described = await w.sfn.send(new DescribeStateMachineCommand({ stateMachineArn: `${stateMachineArn}:1` }));
    expect([described.stateMachineArn, described.definition]).toEqual([`${stateMachineArn}:1`, giving(1)]);
    expect(await refusal(publish({ revisionId: "other" }))).toEqual([
      "ConflictException",
      expect.stringContaining("Failed to publish the State Machine version for revision other."),
    ]);
    const { stateMachineVersions } = await w.sfn.send(new ListStateMachineVersionsCommand({ stateMachineArn }));
    expect(stateMachineVersions?.map(({ stateMachineVersionArn }) => stateMachineVersionArn)).toEqual(
      [3, 2, 1].map((n) => `${stateMachineArn}:${n}`),
    );
  });

  test("an execution of a version or an alias runs that definition and says so", async () => {
    const arn = await three("routed");
    const { stateMachineAliasArn = "" } = await alias("live", [[`${arn}:2`, 100]]);
    const executionArn = await w.start(stateMachineAliasArn);
    expect(await w.ended(executionArn)).toMatchObject({
      output: "2",
      stateMachineArn: arn,
      stateMachineAliasArn,
      stateMachineVersionArn: `${arn}:2`,
    });
    const ofVersion = await w.start(`${arn}:1`);
    expect((await w.ended(ofVersion)).output).toBe("1");
    const listed = await w.sfn.send(new ListExecutionsCommand({ stateMachineArn: stateMachineAliasArn }));
    expect(listed.executions?.map((row) => row.executionArn)).toEqual([executionArn]);
    const plain = await w.sfn.send(new DescribeExecutionCommand({ executionArn: await w.start(arn) }));
    expect([plain.stateMachineAliasArn, plain.stateMachineVersionArn]).toEqual([undefined, undefined]);
  });

  test("weights are parts of a hundred", () => {
    const routing = [
      { version: 1, weight: 70 },
      { version: 2, weight: 30 },
    ];
    expect([0, 0.69, 0.7, 0.999].map((random) => chosen({ routing }, random))).toEqual([1, 1, 2, 2]);
    expect(
      chosen(
        {
          routing: [
            { version: 1, weight: 0 },
            { version: 2, weight: 100 },
          ],
        },
        0,
      ),
    ).toBe(2);
  });

  test("an alias is described, moved, listed and deleted", async () => {
    const arn = await three("aliased");
    const { stateMachineAliasArn = "" } = await alias("blue", [
      [`${arn}:1`, 60],
      [`${arn}:2`, 40],
    ]);
    expect(stateMachineAliasArn).toBe(`${arn}:blue`);
    expect(await w.sfn.send(new DescribeStateMachineAliasCommand({ stateMachineAliasArn }))).toMatchObject({
      name: "blue",
      routingConfiguration: [
        { stateMachineVersionArn: `${arn}:1`, weight: 60 },
        { stateMachineVersionArn: `${arn}:2`, weight: 40 },
      ],
    });
    const routingConfiguration = [{ stateMachineVersionArn: `${arn}:3`, weight: 100 }];
    await w.sfn.send(new UpdateStateMachineAliasCommand({ stateMachineAliasArn, routingConfiguration }));
    const list = async (stateMachineArn: string) =>
      (await w.sfn.send(new ListStateMachineAliasesCommand({ stateMachineArn }))).stateMachineAliases ?? [];
    expect([await list(arn), await list(`${arn}:3`), await list(`${arn}:1`)].map((page) => page.length)).toEqual([
      1, 1, 0,
    ]);
    await w.sfn.send(new DeleteStateMachineAliasCommand({ stateMachineAliasArn }));
    expect(await list(arn)).toEqual([]);
    expect(await refusal(w.sfn.send(new DescribeStateMachineAliasCommand({ stateMachineAliasArn })))).toEqual([
      "ResourceNotFound",
      `Resource not found: '${stateMachineAliasArn}'`,
    ]);
  });

  test("a version that an alias uses is not deleted; one that is not there is no error", async () => {
    const arn = await three("used");
    await alias("live", [[`${arn}:1`, 100]]);
    const remove = (version: number) =>
      refusal(w.sfn.send(new DeleteStateMachineVersionCommand({ stateMachineVersionArn: `${arn}:${version}` })));
    expect(await remove(1)).toEqual([
      "ConflictException",
      "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [live]",
    ]);
    await remove(2);
    await remove(9);
    const { stateMachineVersions } = await w.sfn.send(new ListStateMachineVersionsCommand({ stateMachineArn: arn }));
    expect(stateMachineVersions).toHaveLength(2);
  });

  test("routes that cannot be are refused", async () => {
    const arn = await three("routes");
    const other = await three("others");
    const refused = async (...routes: (readonly [string, number])[]): Promise<unknown> =>
      refusal(alias("live", routes));
    expect(await refused([`${arn}:1`, 50])).toEqual(["ValidationException", expect.stringContaining("must equal 100")]);
    expect(await refused([`${arn}:1`, 50], [`${arn}:1`, 50])).toEqual([
      "ValidationException",
      `Routing configuration must contain distinct state machine version ARNs. Received: [${arn}:1, ${arn}:1]`,
    ]);
    expect(await refused([arn, 100])).toEqual([
      "ValidationException",
      `Routing configuration must contain state machine version ARNs. Received: [${arn}]`,
    ]);
    expect(await refused([`${arn}:1`, 50], [`${arn}:2`, 25], [`${arn}:3`, 25])).toEqual([
      "ValidationException",
      expect.stringContaining(
        "at 'routingConfiguration' failed to satisfy constraint: Member must have length less than or equal to 2",
      ),
    ]);
    expect(await refused([`${arn}:1`, 50], [`${other}:1`, 50])).toEqual(
      expect.arrayContaining(["ValidationException"]),
    );
    expect(await refused([`${arn}:8`, 100])).toEqual(expect.arrayContaining(["ResourceNotFound"]));
    expect(await refused([`${arn}:1`, 101])).toEqual([
      "ValidationException",
      "1 validation error detected: Value '101' at 'routingConfiguration.1.member.weight' failed to satisfy constraint: Member must have value less than or equal to 100",
    ]);
    await alias("live", [[`${arn}:1`, 100]]);
    await alias("live", [[`${arn}:1`, 100]]);
    expect(await refused([`${arn}:2`, 100])).toEqual(expect.arrayContaining(["ConflictException"]));
  });

  test("the template's machine is changed in place, published, and withdrawn", async () => {
    const declared = { name: "declared", type: "STANDARD", roleArn: "arn:aws:iam::000000000000:role/r" } as const;
    const published = { aliases: ["live"] };
    const { service } = w.served;
    const { stateMachineArn } = await service.declare({ ...declared, definition: PASS, published });
    await service.declare({ ...declared, definition: PASS, published });
    await service.declare({ ...declared, definition: giving(7), published });
    const { stateMachineVersions } = await w.sfn.send(new ListStateMachineVersionsCommand({ stateMachineArn }));
    expect(stateMachineVersions).toHaveLength(2);
    expect((await w.ended(await w.start(`${stateMachineArn}:live`))).output).toBe("7");
    await service.withdraw("declared");
    await service.withdraw("declared");
    expect(service.machine(stateMachineArn)).toBeUndefined();
    await expect(service.declare({ ...declared, definition: "{}" })).rejects.toMatchObject({
      code: "InvalidDefinition",
    });
  });
});
