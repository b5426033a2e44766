/** What `doctor` says about addresses of other people's APIs. */
import { loadApplication } from "../../../src/config/load-application.js";
import { checkOutsideAddresses } from "../../../src/stack/deploy-checks/outside-addresses.js";
import { ProjectFolder } from "../../cli/cli.js";

const template = (base: string): string => `
Resources:
  Theirs:
    Type: AWS::Events::Connection
    Properties:
      AuthorizationType: OAUTH_CLIENT_CREDENTIALS
      AuthParameters:
        OAuthParameters:
          { ClientParameters: { ClientID: a, ClientSecret: b }, AuthorizationEndpoint: ${base}/token, HttpMethod: POST }
  Hook:
    Type: AWS::Events::ApiDestination
    Properties: { ConnectionArn: !GetAtt Theirs.Arn, InvocationEndpoint: ${base}/hook, HttpMethod: POST }
`;

const findings = async (base: string): Promise<string[]> => {
  const project = new ProjectFolder({ "template.yaml": template(base) });
  const { application } = await loadApplication({ folder: project.folder, flags: {} });
  project.remove();
  return checkOutsideAddresses(application).map(
    ({ logicalId, severity, what }) => `${severity}: ${logicalId}, ${what}`,
  );
};

test("an address that only this machine would call is told of", async () => {
  expect(await findings("http://localhost:8080")).toEqual([
    "breaks: Hook, its InvocationEndpoint is refused: http://localhost:8080/hook is not HTTPS",
    "breaks: Theirs, its AuthorizationEndpoint is refused: http://localhost:8080/token is not HTTPS",
  ]);
  expect(await findings("https://example.com")).toEqual([]);
});
