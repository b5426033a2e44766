const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const base = `http://${host}:${port}/2020-01-01/extension`;
const seen = [];
let refusals;

async function register(name, events) {
  const response = await fetch(`${base}/register`, { method: "POST", headers: { "Lambda-Extension-Name": name }, body: JSON.stringify({ events }) });
  return { status: response.status, body: await response.json(), id: response.headers.get("lambda-extension-identifier") };
}

async function main() {
  const own = await register("internal", ["INVOKE"]);
  const next = (id) => fetch(`${base}/event/next`, id === undefined ? {} : { headers: { "Lambda-Extension-Identifier": id } });
  const refused = async (response) => [response.status, (await response.json()).errorType];
  refusals = {
    shutdown: (({ status, body }) => [status, body.errorType])(await register("greedy", ["SHUTDOWN"])),
    unknownEvent: (({ status, body }) => [status, body.errorType])(await register("odd", ["OTHER"])),
    twice: (({ status, body }) => [status, body.errorType])(await register("internal", ["INVOKE"])),
    noName: await refused(await fetch(`${base}/register`, { method: "POST", body: "{}" })),
    garbage: await refused(await fetch(`${base}/register`, { method: "POST", headers: { "Lambda-Extension-Name": "g" }, body: "{" })),
    noId: await refused(await next()),
    badId: await refused(await next("not-an-id")),
    unknownId: await refused(await next("00000000-0000-4000-8000-000000000000")),
    noHeader: await refused(await fetch(`${base}/exit/error`, { method: "POST", headers: { "Lambda-Extension-Identifier": own.id } })),
  };
  void (async () => {
    for (;;) seen.push((await (await next(own.id)).json()).eventType);
  })();
}
await main();
export const handler = async () => {
  return { seen: [...seen], refusals, late: (({ status, body }) => [status, body.errorType])(await register("late", ["INVOKE"])) };
};
