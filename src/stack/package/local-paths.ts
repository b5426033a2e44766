/**
 * Properties that name a file beside the template. The packaged template lies in another folder, so they are rewritten
 * from there; `sam deploy` and `aws cloudformation package` upload what they name.
 * https://docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html
 */
import { existsSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import { textAt, type Edit } from "./template-edit.js";

/** By resource type; code of functions and layers is packaged instead. */
const PROPERTIES: Readonly<Record<string, readonly string[]>> = {
  "AWS::Serverless::Api": ["DefinitionUri"],
  "AWS::Serverless::HttpApi": ["DefinitionUri"],
  "AWS::Serverless::StateMachine": ["DefinitionUri"],
  "AWS::Serverless::Application": ["Location"],
  "AWS::Serverless::GraphQLApi": ["SchemaUri"],
  "AWS::CloudFormation::Stack": ["TemplateURL"],
  "AWS::ApiGateway::RestApi": ["BodyS3Location"],
  "AWS::ApiGatewayV2::Api": ["BodyS3Location"],
  "AWS::StepFunctions::StateMachine": ["DefinitionS3Location"],
  "AWS::AppSync::GraphQLSchema": ["DefinitionS3Location"],
  "AWS::AppSync::Resolver": ["RequestMappingTemplateS3Location", "ResponseMappingTemplateS3Location", "CodeS3Location"],
  "AWS::AppSync::FunctionConfiguration": [
    "RequestMappingTemplateS3Location",
    "ResponseMappingTemplateS3Location",
    "CodeS3Location",
  ],
};

/** Edits for a template that moves from one file to another. */
export function movedPaths(
  text: string,
  resources: ReadonlyMap<string, string>,
  from: string,
  to: string,
): readonly Edit[] {
  const places = [...resources].flatMap(([logicalId, type]) =>
    (PROPERTIES[type] ?? []).map((property) => ["Resources", logicalId, "Properties", property]),
  );
  const values = textAt(text, places);
  return places.flatMap((path, i) => {
    const value = values[i];
    // Neither s3:// nor https://, nor a name that only looks like a path.
    if (value === undefined || /^[a-z][a-z\d+.-]+:\/\//i.test(value)) return [];
    const target = resolve(dirname(from), value);
    return existsSync(target) ? [{ path, value: relative(dirname(to), target).split(sep).join("/") }] : [];
  });
}
