/** `lambda-run down`: removes the containers that lambda-run made, of every project, and nothing else. */
import { EXIT } from "../../shared/errors.js";
import { removeContainers } from "../../stack/containers/index.js";
import { probeDocker } from "../../stack/containers/probe.js";
import type { Action } from "../action.js";

export const downCommand: Action = async (_args, options) => {
  const docker = await probeDocker();
  // Without an engine, and none named, there is nothing that could have been made.
  const removed = docker.state === "none" && docker.host === undefined ? [] : await removeContainers();
  if (options["json"] === true) {
    process.stdout.write(`${JSON.stringify({ removed })}\n`);
    return EXIT.ok;
  }
  for (const image of removed) process.stdout.write(`removed a container of ${image}\n`);
  if (removed.length === 0) process.stdout.write("there is no container of lambda-run\n");
  return EXIT.ok;
};
