/** What goes to AWS for one function or layer: a ZIP to make, a ZIP that is there, or nothing, with the reason. */
import { existsSync } from "node:fs";
import { join, sep } from "node:path";
import type { FunctionConfig } from "../../config/function-config.js";
import type { LayerConfig } from "../../config/application.js";
import { prepareFolder } from "../../config/code.js";
import { besideFiles } from "../../runtime/besides.js";
import { cacheFolder } from "../../runtime/cache-folder.js";
import { deploymentBuild } from "../../runtime/deployment-build.js";
import { withLayerFolders } from "../../runtime/layer-folders.js";
import { unzip } from "../../runtime/unzip.js";
import { folderFiles } from "./folder-files.js";
import type { PackageFile } from "./zip.js";

export type Code =
  | { readonly kind: "files"; readonly files: readonly PackageFile[]; readonly notices: readonly string[] }
  /** An archive of the user, shipped byte by byte. */
  | { readonly kind: "archive"; readonly path: string }
  /** Stays in the template as it is written. */
  | { readonly kind: "as-declared"; readonly why: string };

export interface CodeOptions {
  /** Folder of the template; source maps name their files from here. */
  readonly baseFolder: string;
  /** Folders that are never part of a package: the state, and where the packages go. */
  readonly without: readonly string[];
}

/** Throws the LR3xxx errors of the build. */
export async function functionCode(fn: FunctionConfig, { baseFolder, without }: CodeOptions): Promise<Code> {
  const { code } = fn;
  if (code.kind === "image")
    return {
      kind: "as-declared",
      why:
        code.build === undefined
          ? `its image is ${code.uri}`
          : "it is a container image: `sam build` builds it, and `sam deploy` pushes it",
    };
  if (code.kind === "bundle") {
    const built = await deploymentBuild(await withLayerFolders(fn, () => cacheFolder(baseFolder)), baseFolder);
    const files = built.files.map(({ name, bytes }) => ({ name, bytes, sizeBytes: bytes.length, executable: false }));
    const names = new Set(files.map(({ name }) => name));
    const besides = besideFiles(code).filter(
      ({ name, path }) => !names.has(name) && !without.some((folder) => path.startsWith(folder + sep)),
    );
    return { kind: "files", files: [...files, ...besides], notices: [] };
  }
  switch (code.origin?.kind) {
    case "inline":
      return { kind: "as-declared", why: "its code is in the template" };
    case "remote":
      return { kind: "as-declared", why: `its code is at ${code.origin.uri}` };
    case "zip":
      // Unpacked once, so that an archive that Lambda would refuse is refused here.
      await prepareFolder(fn, unzip);
      return { kind: "archive", path: code.origin.file };
    case undefined:
      await prepareFolder(fn, unzip);
      return { kind: "files", files: await folderFiles(code.root, without), notices: folderNotices(fn, code.root) };
  }
}

export async function layerCode(layer: LayerConfig, { without }: CodeOptions): Promise<Code> {
  return layer.packaging === "zip"
    ? { kind: "archive", path: layer.path }
    : { kind: "files", files: await layerFiles(layer, without), notices: [] };
}

async function layerFiles({ path, builtInto }: LayerConfig, without: readonly string[]): Promise<PackageFile[]> {
  const files = await folderFiles(path, without);
  return builtInto === undefined ? files : files.map((file) => ({ ...file, name: `${builtInto}/${file.name}` }));
}

function folderNotices(fn: FunctionConfig, root: string): string[] {
  return fn.runtime.startsWith("python") && existsSync(join(root, "requirements.txt"))
    ? ["what requirements.txt names is in the ZIP only if it is in the folder: pip install -r requirements.txt -t ."]
    : [];
}
