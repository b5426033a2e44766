/** Cross-origin requests to function URLs: every setting of `Cors`, and what no setting allows. */
import { Doors, HEAD, type Answer } from "./fixture.js";

const TEMPLATE = `${HEAD}
Resources:
  Full:
    Type: AWS::Serverless::Function
    Properties:
      Handler: echo.handler
      FunctionUrlConfig:
        AuthType: NONE
        Cors: { AllowOrigins: ["https://app.example.com"], AllowMethods: [GET, PUT], AllowHeaders: [x-a, x-b], ExposeHeaders: [x-c, x-d], MaxAge: 300 }
  Anyone:
    Type: AWS::Serverless::Function
    Properties: { Handler: echo.handler, FunctionUrlConfig: { AuthType: NONE, Cors: { AllowOrigins: ["*"] } } }
  Trusting:
    Type: AWS::Serverless::Function
    Properties: { Handler: echo.handler, FunctionUrlConfig: { AuthType: NONE, Cors: { AllowOrigins: ["*"], AllowHeaders: ["*"], AllowCredentials: true } } }
`;
const APP = "https://app.example.com";

let doors: Doors;
beforeAll(async () => {
  doors = await Doors.open(TEMPLATE);
});
afterAll(() => doors.close());

/** The headers that a browser looks at. */
const corsOf = ({ headers }: Answer): Record<string, unknown> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name === "vary" || name.startsWith("access-control-")));
const preflight = (name: string, origin = APP): Promise<Answer> =>
  doors.send(name, "/", {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "DELETE", "access-control-request-headers": "x-z" },
  });
const get = (name: string, origin: string): Promise<Answer> => doors.send(name, "/", { headers: { origin } });

test("a preflight is answered with all that is set, without the function", async () => {
  const answer = await preflight("Full");
  expect([answer.status, answer.text]).toEqual([200, ""]);
  expect(corsOf(answer)).toEqual({
    "access-control-allow-origin": APP,
    "access-control-allow-methods": "GET,PUT",
    "access-control-allow-headers": "x-a,x-b",
    "access-control-max-age": "300",
    vary: "Origin",
  });
  expect(doors.stack.invocations()).toEqual([]);
});

test("an answer names the origin and the headers that may be read", async () => {
  expect(corsOf(await get("Full", APP))).toEqual({
    "access-control-allow-origin": APP,
    "access-control-expose-headers": "x-c,x-d",
    vary: "Origin",
  });
});

test("an origin that is not listed is told nothing", async () => {
  // A page of this machine may call, as without CORS, but not read.
  const local = "http://localhost:5173";
  expect(corsOf(await preflight("Full", local))).toEqual({});
  const answer = await get("Full", local);
  expect([answer.status, corsOf(answer)]).toEqual([200, {}]);
});

test("every origin is `*`, and by name where credentials may come along", async () => {
  expect(corsOf(await get("Anyone", APP))).toEqual({ "access-control-allow-origin": "*" });
  expect(corsOf(await preflight("Anyone"))).toEqual({
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "DELETE",
  });
  const credentials = {
    "access-control-allow-origin": APP,
    "access-control-allow-credentials": "true",
    vary: "Origin",
  };
  expect(corsOf(await get("Trusting", APP))).toEqual(credentials);
  expect(corsOf(await preflight("Trusting"))).toEqual({
    ...credentials,
    "access-control-allow-methods": "DELETE",
    "access-control-allow-headers": "x-z",
  });
});
