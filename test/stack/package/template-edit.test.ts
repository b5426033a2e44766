/** Changes in a template's text: the place asked for, and nothing else. */
import { editTemplate, resourceTypes } from "../../../src/stack/package/template-edit.js";

const YAML = `# What we run
Transform: AWS::Serverless-2016-10-31
Parameters:
  Account: { Type: String, Default: 012345678901 } # zero kept
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: &code src/   # where it lies
      Handler: app.handler
      Policies: !If [IsProd, !Ref A, !Sub "\${AWS::Region}"]
      Switch: yes
  Other:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
  Flow: { Type: AWS::Lambda::Function, Properties: { Handler: a.b } }
  Empty: { Type: AWS::Serverless::Function, Properties: {} }
  Raw:
    Type: AWS::Lambda::Function
    Properties:
      Code:
        S3Bucket: old
        S3Key: old.zip
      Role: !GetAtt Role.Arn

  Shared: &shared
    Handler: x
  Alias: { Type: AWS::Serverless::Function, Properties: *shared }
`;
const at = (id: string, property = "CodeUri"): readonly string[] => ["Resources", id, "Properties", property];
/** Lines that differ, as "old -> new" or "+ new". */
function changes(before: string, after: string): string[] {
  const old = before.split("\n");
  return after.split("\n").filter((line) => !old.includes(line));
}

describe("a change in a template", () => {
  it("replaces a value and keeps its anchor, its comment and every other line", () => {
    const edited = editTemplate(YAML, [{ path: at("Fn"), value: "Fn.zip" }]);
    expect(changes(YAML, edited)).toEqual(['      CodeUri: &code "Fn.zip"   # where it lies']);
    expect(edited.split("\n")).toHaveLength(YAML.split("\n").length);
  });

  it("adds a property that is not there, in blocks, in braces and in empty braces", () => {
    const edited = editTemplate(YAML, [
      { path: at("Other"), value: "Other.zip" },
      { path: at("Flow", "Code"), value: { S3Bucket: "b", S3Key: "k" } },
      { path: at("Empty"), value: "Empty.zip" },
    ]);
    expect(changes(YAML, edited)).toEqual([
      '      CodeUri: "Other.zip"',
      '  Flow: { Type: AWS::Lambda::Function, Properties: { "Code": {"S3Bucket":"b","S3Key":"k"}, Handler: a.b } }',
      '  Empty: { Type: AWS::Serverless::Function, Properties: { "CodeUri": "Empty.zip" } }',
    ]);
  });

  it("takes the place of a whole block", () => {
    const edited = editTemplate(YAML, [{ path: at("Raw", "Code"), value: { S3Bucket: "b", S3Key: "k" } }]);
    expect(edited).toContain(
      '    Properties:\n      Code: {"S3Bucket":"b","S3Key":"k"}\n      Role: !GetAtt Role.Arn\n',
    );
  });

  it("makes all changes of one call, in whatever order they are given", () => {
    const edits = ["Other", "Fn", "Empty"].map((id) => ({ path: at(id), value: `${id}.zip` }));
    expect(editTemplate(YAML, edits)).toBe(editTemplate(YAML, edits.toReversed()));
  });

  it("keeps JSON valid, and its look", () => {
    const json = JSON.stringify(
      { Resources: { Fn: { Type: "AWS::Lambda::Function", Properties: { Code: { S3Bucket: "a", S3Key: "b" } } } } },
      null,
      2,
    );
    const edited = editTemplate(json, [
      { path: at("Fn", "Code"), value: { S3Bucket: "x", S3Key: "y" } },
      { path: at("Fn", "Handler"), value: "a.b" },
    ]);
    expect(JSON.parse(edited)).toEqual({
      Resources: {
        Fn: { Type: "AWS::Lambda::Function", Properties: { Handler: "a.b", Code: { S3Bucket: "x", S3Key: "y" } } },
      },
    });
    expect(edited.split("\n").slice(0, 4)).toEqual(json.split("\n").slice(0, 4));
  });

  it("refuses what an alias shares with others", () => {
    expect(() => editTemplate(YAML, [{ path: at("Alias"), value: "x" }])).toThrow(
      expect.objectContaining({
        code: "LR2004",
        where: "Resources.Alias.Properties",
        why: expect.stringMatching(/alias/),
      }),
    );
  });
});

describe("the resources of a template's text", () => {
  it("are those that are written out, with their types", () => {
    expect(Object.fromEntries(resourceTypes(YAML))).toMatchObject({
      Fn: "AWS::Serverless::Function",
      Raw: "AWS::Lambda::Function",
    });
  });
});
