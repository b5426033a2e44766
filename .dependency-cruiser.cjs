"use strict";

// The rooms of src/, top to bottom. A room imports only from rooms below it, types included.
// `stack` also holds src/index.ts, the programmatic API.
const ROOMS = ["cli", "stack", "dashboard", "sources", "services", "runtime", "observe", "config", "shared"];
const pathOf = (room) => (room === "stack" ? "^src/(stack/|index\\.ts)" : `^src/${room}/`);

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...ROOMS.slice(1).map((room, i) => ({
      name: `${room}-imports-upward`,
      severity: "error",
      comment: "A room imports only from rooms below it (docs/architecture.md).",
      from: { path: pathOf(room) },
      to: {
        path: ROOMS.slice(0, i + 1)
          .map(pathOf)
          .join("|"),
      },
    })),
    {
      name: "services-import-no-sibling",
      severity: "error",
      comment: "Services reach each other over HTTP or the bus, never by import. services/kit is their common ground.",
      from: { path: "^src/services/([^/]+)/" },
      to: { path: "^src/services/([^/]+)/", pathNot: "^src/services/($1|kit)/" },
    },
    {
      name: "kit-imports-no-service",
      severity: "error",
      from: { path: "^src/services/kit/" },
      to: { path: "^src/services/[^/]+/", pathNot: "^src/services/kit/" },
    },
    {
      name: "functions-stand-alone",
      severity: "error",
      comment: "functions/ is user code: AWS SDK and libraries only.",
      from: { path: "^src/functions/" },
      to: { path: "^src/", pathNot: "^src/functions/" },
    },
    {
      name: "examples-stand-alone",
      severity: "error",
      comment: "Examples are projects of users: nothing of ours, but what `lambda-run` exports.",
      from: { path: "^examples/" },
      to: { path: "^(src|test|scripts)/" },
    },
    {
      name: "nobody-imports-functions",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/functions/" },
      to: { path: "^src/functions/" },
    },
    {
      name: "bootstrap-stands-alone",
      severity: "error",
      comment: "The bootstrap runs inside the execution environment: Node built-ins only.",
      from: { path: "^src/runtime/bootstrap/" },
      to: { path: "^src/", pathNot: "^src/runtime/bootstrap/" },
    },
    {
      name: "nobody-imports-bootstrap",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/runtime/bootstrap/" },
      to: { path: "^src/runtime/bootstrap/" },
    },
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-dev-dependency",
      severity: "error",
      comment: "functions/ is bundled where it runs and is no part of the package.",
      from: { path: "^src/", pathNot: "^src/functions/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["npm", "type-only"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".js", ".json"] },
  },
};
