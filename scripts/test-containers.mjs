// `npm run test:containers`: the tests that need a Docker engine. Where none can be had, it says so and succeeds, so that
// CI without Docker is green and nobody takes it for tested.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const cwd = fileURLToPath(new URL("..", import.meta.url));
const options = { cwd, stdio: "inherit" };
const setup = spawnSync("bash", ["scripts/containers/setup.sh"], options);
const CANNOT_BE_HAD = 3;
if (setup.status !== 0) {
  process.stderr.write("containers: SKIPPED: no test with real servers was run\n");
  process.exit(setup.status === CANNOT_BE_HAD || setup.error !== undefined ? 0 : 1);
}
// Slower to make, and not needed by the others.
const more = spawnSync("bash", ["scripts/containers/python-servers.sh"], options);
if (more.status !== 0) process.stderr.write("containers: SKIPPED: no test with LocalStack was run\n");
const compose = spawnSync("bash", ["scripts/containers/compose.sh"], { cwd, stdio: ["ignore", "pipe", "inherit"] });
const composes = compose.stdout.toString().trim();
const jest = fileURLToPath(new URL("../node_modules/jest/bin/jest.js", import.meta.url));
const without = [
  ...(more.status === 0 ? [] : ["localstack.containers"]),
  ...(composes === "" ? ["compose.containers"] : []),
];
const left = without.length === 0 ? [] : ["--testPathIgnorePatterns", ...without];
const run = spawnSync(process.execPath, [jest, "-c", "jest.containers.config.js", ...process.argv.slice(2), ...left], {
  ...options,
  env: { ...process.env, LAMBDA_RUN_COMPOSE: composes },
});
process.exit(run.status ?? 1);
