import { findFunction } from "../../src/config/find-function.js";
import { errorOf, read } from "./support.js";

const application = read(
  `
Resources:
  ManifestFunction:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: ., Handler: src/functions/manifest/handler.handler, Runtime: nodejs22.x }
  Aggregation:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: data-aggregator, CodeUri: src/functions/aggregation, Handler: handler.handler, Runtime: nodejs22.x }
  One:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: one, CodeUri: src/functions/shared, Handler: one.handler, Runtime: nodejs22.x }
  Two:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: two, CodeUri: src/functions/shared, Handler: two.handler, Runtime: nodejs22.x }
`,
);

describe("a function is found", () => {
  const generated = application.functions[0]?.name ?? "";
  test.each([
    ["logical id", "ManifestFunction", "ManifestFunction"],
    ["generated name", generated, "ManifestFunction"],
    ["folder of the handler", "manifest", "ManifestFunction"],
    ["FunctionName", "data-aggregator", "Aggregation"],
    ["folder of the package", "aggregation", "Aggregation"],
    ["ARN", "arn:aws:lambda:eu-central-1:123456789012:function:data-aggregator", "Aggregation"],
    ["ARN with a qualifier", "arn:aws:lambda:eu-central-1:123456789012:function:data-aggregator:live", "Aggregation"],
    ["partial ARN", "123456789012:function:data-aggregator", "Aggregation"],
    ["name with a qualifier", "data-aggregator:$LATEST", "Aggregation"],
    ["other letter case, as the last resort", "MANIFESTFUNCTION", "ManifestFunction"],
    ["FunctionName before anything that differs in letter case", "one", "One"],
  ])("by %s", (_way, text, logicalId) => {
    expect(findFunction(application, text).logicalId).toBe(logicalId);
  });

  test("one name for two functions is refused with both", () => {
    const error = errorOf(() => findFunction(application, "shared"));
    expect(error.code).toBe("LR1001");
    expect(error.what).toBe('"shared" means more than one function: One, Two');
  });

  test("an unknown name is refused with the nearest and the list", () => {
    const error = errorOf(() => findFunction(application, "manifst"));
    expect(error.code).toBe("LR1001");
    expect(error.what).toBe('There is no function "manifst". Did you mean "manifest"?');
    expect(error.fix).toBe("Use one of: ManifestFunction, Aggregation, One, Two.");
  });

  test("without any function the message says so", () => {
    expect(errorOf(() => findFunction({ functions: [], sourceFile: undefined }, "x")).what).toBe(
      'There is no function "x": no functions are declared',
    );
  });
});
