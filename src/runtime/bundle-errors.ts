/** What esbuild says, told to a person: the code frame at the TypeScript line and the one thing to do. */
import { readFileSync } from "node:fs";
import { basename, dirname, relative, resolve } from "node:path";
import type { BuildFailure, Message } from "esbuild";
import { namesIn } from "../config/code.js";
import { codeFrame } from "../config/code-frame.js";
import { AppError, messageOf } from "../shared/errors.js";

const NO_LOADER = /^No loader is configured for "(\.[^"]+)" files/;
const MISSING = /^Could not resolve "([^"]+)"/;
/** More of the same helps nobody. */
const MAX_SHOWN = 3;

/** LR3001 or LR3003 from a failed build. `root` is the folder that esbuild's paths start from. */
export function buildError(thrown: unknown, functionName: string, root: string): AppError {
  const errors = (thrown as Partial<BuildFailure>).errors;
  if (!Array.isArray(errors) || errors.length === 0) {
    return new AppError("LR3001", { what: `The build of ${functionName} failed: ${messageOf(thrown)}`, cause: thrown });
  }
  const first = errors[0] as Message;
  const missing = MISSING.exec(first.text)?.[1];
  const place =
    first.location === null
      ? undefined
      : `${relative(process.cwd(), resolve(root, first.location.file))}:${first.location.line}:${first.location.column + 1}`;
  const frames = errors
    .slice(0, MAX_SHOWN)
    .map((message: Message) => frameOf(message, root))
    .filter((frame) => frame !== undefined);
  const more = errors.length > MAX_SHOWN ? `\n(and ${errors.length - MAX_SHOWN} more errors)` : "";
  const common = {
    ...(place === undefined ? {} : { where: place }),
    ...(frames.length === 0 ? {} : { codeFrame: `${frames.join("\n\n")}${more}` }),
    cause: thrown,
  };
  if (missing !== undefined) {
    const isOwnFile = missing.startsWith(".");
    if (packageOf(missing) === "aws-sdk")
      return new AppError("LR3003", {
        what: `${functionName} imports "${missing}" (SDK v2), which is not installed`,
        why: "Lambda brings it along up to nodejs16.x alone, and nothing here does",
        ...common,
        fix: "Move to @aws-sdk/client-*, or run `npm install aws-sdk`.",
      });
    return new AppError("LR3003", {
      what: `${functionName} imports "${missing}", which cannot be found`,
      ...common,
      fix: isOwnFile
        ? "Check the path; letter case counts."
        : missing.startsWith("/opt/")
          ? `Name the layer that holds it under Layers of ${functionName}.`
          : installing(missingPackages(errors)),
    });
  }
  const unknown = NO_LOADER.exec(first.text)?.[1];
  return new AppError("LR3001", {
    what: `${functionName} does not compile: ${first.text}`,
    ...common,
    ...(unknown === undefined
      ? {}
      : {
          fix: `Say in Metadata.BuildProperties.Loader what it is, such as "${unknown}=text", or "${unknown}=empty" to leave it out.`,
        }),
  });
}

/** All of them at once: a framework leaves out several that are optional. */
function missingPackages(errors: readonly Message[]): readonly string[] {
  const names = errors.flatMap(({ text }) => {
    const name = MISSING.exec(text)?.[1];
    return name === undefined || /^[./]/.test(name) ? [] : [packageOf(name)];
  });
  return [...new Set(names)];
}

const installing = (packages: readonly string[]): string =>
  `Run \`npm install ${packages.join(" ")}\`, or name ${packages.length === 1 ? "it" : "those that are optional"} in Metadata.BuildProperties.External.`;

/** LR3002, with the file that differs only by letter case, or the entry points that are named otherwise, if there are such. */
export function handlerNotFound(
  base: string,
  extensions: readonly string[],
  [entryPoint, ...others]: readonly string[] = [],
): AppError {
  const wanted = new Set(extensions.map((extension) => (basename(base) + extension).toLowerCase()));
  const twin = namesIn(dirname(base)).find((name) => wanted.has(name.toLowerCase()));
  const handler = stemOf(twin ?? entryPoint ?? "");
  const why =
    twin === undefined
      ? `EntryPoints names ${[entryPoint, ...others].join(", ")}, which SAM builds to ${handler}.js`
      : `there is ${twin}, but letter case counts on Lambda`;
  return new AppError("LR3002", {
    what: `No handler file ${basename(base)}{${extensions.join(",")}}`,
    where: dirname(base),
    ...(handler === "" ? {} : { why, fix: `Write Handler with ${handler}.` }),
  });
}

/** `api/main.ts` is `main`. */
const stemOf = (file: string): string => basename(file).replace(/\.[^.]*$/, "");

function frameOf({ location }: Message, root: string): string | undefined {
  if (location === null) return undefined;
  try {
    return codeFrame(readFileSync(resolve(root, location.file), "utf8"), location.line, location.column + 1);
  } catch {
    // Gone since, or no file at all: esbuild's own line has to do.
    return codeFrame(location.lineText, 1, location.column + 1);
  }
}

/** `@scope/name` or `name` of an import. */
export function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
