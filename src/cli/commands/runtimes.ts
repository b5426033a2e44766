/** `lambda-run runtimes`: real Node versions for functions that declare another one than this machine's. */
import { fetchedVersions, fetchNode, removeNode } from "../../runtime/fetch-node.js";
import { AppError, EXIT } from "../../shared/errors.js";
import type { Action } from "../action.js";

export const runtimesCommand: Action = async ([action = "list", runtime = ""], options) => {
  const json = options["json"] === true;
  switch (action) {
    case "list": {
      const fetched = await fetchedVersions();
      if (json) process.stdout.write(`${JSON.stringify({ host: process.versions.node, fetched })}\n`);
      else
        process.stdout.write(
          [`${process.versions.node} (this machine's)`, ...fetched].map((line) => `${line}\n`).join(""),
        );
      return EXIT.ok;
    }
    case "add": {
      const version = await fetchNode(runtime);
      process.stdout.write(
        json ? `${JSON.stringify({ runtime, version })}\n` : `${runtime} runs on Node ${version} from now on\n`,
      );
      return EXIT.ok;
    }
    case "remove": {
      const removed = await removeNode(runtime);
      process.stdout.write(
        json ? `${JSON.stringify({ runtime, removed })}\n` : `removed: ${removed.join(", ") || "nothing"}\n`,
      );
      return EXIT.ok;
    }
    default:
      throw new AppError("LR1004", { what: `"${action}" is no action of runtimes`, fix: "Use list, add or remove." });
  }
};
