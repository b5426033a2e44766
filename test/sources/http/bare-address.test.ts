/** Requests to the port itself, which name no API: whose they are. */
import { Doors, HEAD } from "./fixture.js";

const TEMPLATE = `${HEAD}
Resources:
  Rest: { Type: AWS::Serverless::Api, Properties: { StageName: Prod } }
  Http: { Type: AWS::Serverless::HttpApi }
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      Handler: echo.handler
      Events:
        All: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: "/{proxy+}", Method: GET } }
        Book: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: "/books/{id}", Method: GET } }
`;
let doors: Doors;
beforeAll(async () => {
  doors = await Doors.open(TEMPLATE);
});
afterAll(() => doors.close());

test.each([
  ["a path without a stage is an API's that has a default one", "GET", "/books/1", 200, '"routeKey":"GET /books/{id}"'],
  ["any other API's that has a route for it, else", "GET", "/other", 200, '"resource":"/{proxy+}"'],
  ["a path that names a stage is its API's", "GET", "/Prod/books/1", 200, '"path":"/books/1"'],
  ["whether that has a route for it or not", "DELETE", "/Prod/books/1", 403, '"Missing Authentication Token"'],
])("%s", async (_, method, path, status, text) => {
  const { origin } = new URL(doors.url("Http"));
  const answer = await fetch(`${origin}${path}`, { method });
  expect(answer.status).toBe(status);
  expect(await answer.text()).toContain(text);
});
