/** Docker's own client, for tests that look at what is really there. Other work may go on at the same engine. */
import { execFileSync, spawnSync } from "node:child_process";
import { until, type Pace } from "../until.js";

/** In real time, of a real engine; to ask it blocks this process. */
export const ENGINE_PACE: Pace = { patienceMs: 40_000, pauseMs: 50 };

/** MinIO as `scripts/containers/setup.sh` makes it. */
export const MINIO_IMAGE = process.env["LAMBDA_RUN_MINIO_IMAGE"] ?? "lambda-run/minio:local";

export const docker = (...args: string[]): string =>
  execFileSync("docker", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();

/** Ids of the containers that were started for this project, stopped ones too. */
export function containersOf(projectRoot: string): string[] {
  const ids = docker("ps", "-aq", "--filter", `label=lambda-run.project=${projectRoot}`);
  return ids === "" ? [] : ids.split("\n");
}

export function removeContainersOf(projectRoot: string): void {
  const left = containersOf(projectRoot);
  if (left.length > 0) docker("rm", "-f", "-v", ...left);
}

/** An image of this Dockerfile, for the time of a test. */
export function buildImage(name: string, dockerfile: string): void {
  execFileSync("docker", ["build", "-q", "-t", name, "-"], { input: dockerfile, stdio: ["pipe", "ignore", "ignore"] });
}

/** LocalStack and moto as `scripts/containers/python-servers.sh` makes them, where it can. */
export const LOCALSTACK_IMAGE = process.env["LAMBDA_RUN_LOCALSTACK_IMAGE"] ?? "lambda-run/localstack:local";
export const MOTO_IMAGE = process.env["LAMBDA_RUN_MOTO_IMAGE"] ?? "lambda-run/moto:local";

export const hasImage = (image: string): boolean =>
  spawnSync("docker", ["image", "inspect", image], { stdio: "ignore" }).status === 0;

/** The image that is made from PyPI lacks Amazon's DynamoDB Local. */
export const withoutDynamoDb = (image: string): boolean =>
  docker("image", "inspect", "-f", '{{index .Config.Labels "lambda-run.without"}}', image) === "dynamodb";

export interface Server {
  readonly url: string;
  stop(): void;
}

/** A server that lambda-run does not start: what a user has beside it. Resolves when it answers. */
export async function runServer(
  image: string,
  port: number,
  environment: Readonly<Record<string, string>> = {},
  command: readonly string[] = [],
): Promise<Server> {
  const variables = Object.entries(environment).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  const id = docker("run", "-d", "-p", `127.0.0.1::${port}`, ...variables, image, ...command);
  const url = `http://${docker("port", id, `${port}`).split("\n")[0] ?? ""}`;
  const stop = (): void => void docker("rm", "-f", "-v", id);
  const answers = async (): Promise<boolean> => {
    // What comes first may be lost before the container's network is up.
    const answer = await fetch(url, { signal: AbortSignal.timeout(300), redirect: "manual" }).catch(() => undefined);
    await answer?.body?.cancel();
    return answer !== undefined && answer.status < 500;
  };
  try {
    await until(answers, ENGINE_PACE);
  } catch (error) {
    stop();
    throw new Error(`${image} does not answer`, { cause: error });
  }
  return { url, stop };
}
