/** Docker's own client, for tests that look at what is really there. Other work may go on at the same engine. */
import { execFileSync } from "node:child_process";

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
