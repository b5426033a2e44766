/** Images with a Node in them, made of this machine's: there may be no registry. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** Nothing but Node and its libraries: no shell, no user table. */
export const NODE_IMAGE = "lambda-run/test-node:local";

export const docker = (...args: string[]): string => execFileSync("docker", args, { encoding: "utf8" }).trim();

export function makeNodeImage(): void {
  execFileSync(process.execPath, [join(__dirname, "../../scripts/containers/node-image.mjs"), NODE_IMAGE]);
}

/** Images of these tests that no name leads to any more. */
export const pruneTestImages = (): string => docker("image", "prune", "-f", "--filter", "label=lambda-run-test");

/** A runtime client that does what its event says. */
export const RUNTIME_CLIENT = `
import fs from "node:fs";
const api = "http://" + process.env.AWS_LAMBDA_RUNTIME_API + "/2018-06-01/runtime/invocation/";
console.log("INIT", ...process.argv.slice(2));
let count = 0;
for (;;) {
  const next = await fetch(api + "next");
  const id = next.headers.get("lambda-runtime-aws-request-id");
  const { run } = await next.json();
  count += 1;
  console.log("invocation", count);
  const post = (what, body) => fetch(api + id + "/" + what, { method: "POST", body: JSON.stringify(body) });
  try {
    await post("response", (await eval(run)) ?? null);
  } catch (error) {
    await post("error", { errorType: error.code ?? error.name, errorMessage: error.message });
  }
}
`;

export const DOCKERFILE = `FROM ${NODE_IMAGE}
LABEL lambda-run-test=1
ARG GREETING=none
ENV GREETING=$GREETING OWN=image
COPY . /var/task/
WORKDIR /var/task
USER 0
HEALTHCHECK --interval=1s CMD ["/usr/bin/node", "-e", "0"]
ENTRYPOINT ["/usr/bin/node", "/var/task/runtime.mjs"]
CMD ["of the image"]
`;
