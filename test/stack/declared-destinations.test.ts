/** Connections and API destinations of a template, and addresses of the stack's own APIs. */
import {
  CreateConnectionCommand,
  DescribeConnectionCommand,
  EventBridgeClient,
  ListApiDestinationsCommand,
  ListConnectionsCommand,
  PutEventsCommand,
} from "@aws-sdk/client-eventbridge";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { createStack, type TestStack } from "../../src/index.js";
import { loadApplication } from "../../src/config/load-application.js";
import { ProjectFolder } from "../cli/cli.js";
import { startOutside, type Outside } from "../sources/eventbridge/outside.js";
import { PATIENT } from "../until.js";

const ROLE = "arn:aws:iam::000000000000:role/r";
const template = (outside: string): string => `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Timeout: 30 } }
Resources:
  TheirKey: { Type: AWS::SecretsManager::Secret, Properties: { Name: their-key, SecretString: '{"key":"from the secret"}' } }
  Theirs:
    Type: AWS::Events::Connection
    Properties:
      Name: theirs
      AuthorizationType: API_KEY
      AuthParameters:
        ApiKeyAuthParameters: { ApiKeyName: X-Key, ApiKeyValue: '{{resolve:secretsmanager:their-key:SecretString:key}}' }
  Unknown:
    Type: AWS::Events::Connection
    Properties:
      AuthorizationType: BASIC
      AuthParameters: { BasicAuthParameters: { Username: me, Password: '{{resolve:secretsmanager:none}}' } }
  Hook:
    Type: AWS::Events::ApiDestination
    Properties: { Name: hook, ConnectionArn: !GetAtt Theirs.Arn, InvocationEndpoint: ${outside}/hook, HttpMethod: POST, InvocationRateLimitPerSecond: 10 }
  Own:
    Type: AWS::Events::ApiDestination
    Properties: { ConnectionArn: !GetAtt Theirs.Arn, InvocationEndpoint: !Sub 'https://\${Api}.execute-api.\${AWS::Region}.amazonaws.com/in', HttpMethod: PUT }
  Api: { Type: AWS::Serverless::HttpApi }
  Inside:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: inside
      Runtime: nodejs22.x
      Handler: index.handler
      CodeUri: code/
      Environment: { Variables: { SECRET: !GetAtt Theirs.SecretArn, NAME: !Ref Hook } }
      Events: { In: { Type: HttpApi, Properties: { ApiId: !Ref Api, Path: /in, Method: PUT } } }
  Orders:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: { source: [shop] }
      Targets:
        - { Id: hook, Arn: !GetAtt Hook.Arn, RoleArn: ${ROLE}, HttpParameters: { HeaderParameters: { X-Id: $.detail.id } } }
        - { Id: own, Arn: !GetAtt Own.Arn, RoleArn: ${ROLE} }
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Role: ${ROLE}
      DefinitionSubstitutions: { Connection: !GetAtt Theirs.Arn, Api: !Ref Api }
      Definition:
        StartAt: Call
        States:
          Call:
            Type: Task
            Resource: arn:aws:states:::http:invoke
            Parameters:
              ApiEndpoint.$: States.Format('https://{}.execute-api.us-east-1.amazonaws.com/in', '\${Api}')
              Method: PUT
              Authentication: { ConnectionArn: '\${Connection}' }
            End: true
`;
const CODE =
  "exports.handler = async ({ headers, body }) => ({ key: headers['x-key'], body, secret: process.env.SECRET, name: process.env.NAME });";

describe("connections and API destinations of a template", () => {
  let outside: Outside;
  let project: ProjectFolder;
  let stack: TestStack;
  let events: EventBridgeClient;
  let secrets: SecretsManagerClient;
  const notices: string[] = [];

  beforeAll(async () => {
    outside = await startOutside();
    project = new ProjectFolder({ "template.yaml": template(outside.url), "code/index.js": CODE });
    stack = await createStack({ folder: project.folder, clock: "virtual", onNotice: (text) => notices.push(text) });
    events = new EventBridgeClient(stack.clientConfig);
    secrets = new SecretsManagerClient(stack.clientConfig);
  });
  afterAll(async () => {
    events.destroy();
    secrets.destroy();
    await stack.close();
    await outside.stop();
    project.remove();
  });

  const reload = async (text: string): Promise<void> => {
    project.write("template.yaml", text);
    const { application } = await loadApplication({ folder: project.folder, flags: { ephemeral: true } });
    await stack.stack.replaceApplication(application);
  };

  test("bring events to other people's APIs and the stack's own, with what a secret holds", async () => {
    const Entries = [{ Source: "shop", DetailType: "placed", Detail: '{"id":7}' }];
    await events.send(new PutEventsCommand({ Entries }));
    const [inside] = await stack.waitFor(
      () => stack.invocations("inside").length === 1 && stack.invocations("inside"),
      PATIENT,
    );
    expect(inside?.event).toMatchObject({
      rawPath: "/in",
      headers: { "x-key": "from the secret", "user-agent": "Amazon/EventBridge/ApiDestinations" },
    });
    await stack.waitFor(() => outside.asked.length === 1, PATIENT);
    const headers = { "x-key": "from the secret", "x-id": "7" };
    expect(outside.asked).toMatchObject([{ path: "/hook", headers }]);
  });

  test("are known to functions by what Ref and GetAtt give", async () => {
    const { payload } = await stack.invoke<{ secret: string; name: string }>("inside", { headers: {} });
    const { ConnectionArn, SecretArn } = await events.send(new DescribeConnectionCommand({ Name: "theirs" }));
    expect(payload).toMatchObject({ name: "hook", secret: SecretArn });
    const { SecretString = "" } = await secrets.send(new GetSecretValueCommand({ SecretId: payload.secret }));
    expect(JSON.parse(SecretString)).toEqual({ api_key_name: "X-Key", api_key_value: "from the secret" });
    const theirs = stack.stack.application.connections.find(({ name }) => name === "theirs");
    expect(theirs?.arn).toBe(ConnectionArn);
  });

  test("serve the tasks of state machines, which find the stack's own APIs by their address on AWS", async () => {
    const { status, output } = await stack.execute("Machine");
    expect([status, output]).toEqual([
      "SUCCEEDED",
      expect.objectContaining({
        StatusCode: 200,
        ResponseBody: expect.objectContaining({ key: "from the secret" }) as object,
      }),
    ]);
  });

  test("are left out with a sentence where they refer to a value that is not there", () => {
    expect(notices).toContain(
      "the connection Unknown refers to a value that is not there: Secrets Manager can't find the specified secret.",
    );
  });

  test("go with the template, their secrets too, and those of the API stay", async () => {
    const BasicAuthParameters = { Username: "me", Password: "pass" };
    await events.send(
      new CreateConnectionCommand({ Name: "own", AuthorizationType: "BASIC", AuthParameters: { BasicAuthParameters } }),
    );
    const { SecretArn } = await events.send(new DescribeConnectionCommand({ Name: "theirs" }));
    await reload("Resources: { Queue: { Type: AWS::SQS::Queue } }");
    const { Connections = [] } = await events.send(new ListConnectionsCommand({}));
    expect(Connections.map(({ Name }) => Name)).toEqual(["own"]);
    expect((await events.send(new ListApiDestinationsCommand({}))).ApiDestinations).toEqual([]);
    await expect(secrets.send(new GetSecretValueCommand({ SecretId: SecretArn }))).rejects.toThrow("can't find");
  });

  test("take the place of what the API has made under their names", async () => {
    const BasicAuthParameters = { Username: "me", Password: "pass" };
    const { ConnectionArn } = await events.send(
      new CreateConnectionCommand({
        Name: "theirs",
        AuthorizationType: "BASIC",
        AuthParameters: { BasicAuthParameters },
      }),
    );
    const { SecretArn } = await events.send(new DescribeConnectionCommand({ Name: "theirs" }));
    await reload(template(outside.url));
    const theirs = stack.stack.application.connections.find(({ name }) => name === "theirs");
    expect(theirs?.arn).not.toBe(ConnectionArn);
    expect(await events.send(new DescribeConnectionCommand({ Name: "theirs" }))).toMatchObject({
      ConnectionArn: theirs?.arn,
      SecretArn: theirs?.secretArn,
      AuthorizationType: "API_KEY",
    });
    await expect(secrets.send(new GetSecretValueCommand({ SecretId: SecretArn }))).rejects.toThrow("can't find");
  });
});
