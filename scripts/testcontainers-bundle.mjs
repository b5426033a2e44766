// dist/testcontainers.js: the part of testcontainers that starts one container, as one file. As a package it takes 280 ms
// to load, longer than the engine takes to start the container, and most of that is for what is never touched here. What
// is named below stays in node_modules and is loaded when touched.
const LAZY = new Map([
  ["./session", "dockerode/lib/session.js"], // builds with BuildKit, by gRPC
  ["./ssh", "docker-modem/lib/ssh.js"], // engines behind ssh
  ["ssh-remote-port-forward", "ssh-remote-port-forward"], // ports of the host inside a container
  ["docker-compose", "docker-compose"],
  ["archiver", "archiver"], // files copied into a container
  ["tar-fs", "tar-fs"],
  ["undici", "undici"], // waiting by HTTP, which is done by ourselves
]);

/** What `import "testcontainers"` becomes in the other files. */
export const testcontainersAt = (path) => ({
  name: "testcontainers-at",
  setup(build) {
    build.onResolve({ filter: /^testcontainers$/ }, () => ({ path, external: true }));
  },
});

const lazy = {
  name: "lazy",
  setup(build) {
    build.onResolve({ filter: /./ }, ({ path, namespace }) => {
      if (namespace === "lazy") return { path, external: true };
      return LAZY.has(path) ? { path: LAZY.get(path), namespace: "lazy" } : undefined;
    });
    build.onLoad({ filter: /./, namespace: "lazy" }, ({ path }) => ({
      contents: `
        let loaded;
        const load = () => (loaded ??= require(${JSON.stringify(path)}));
        module.exports = new Proxy(function () {}, {
          // What an import asks first. Without it the default is the module itself, which has the same names.
          get: (_, name) => (name === "__esModule" ? undefined : load()[name]),
          apply: (_, self, args) => Reflect.apply(load(), self, args),
          construct: (_, args) => Reflect.construct(load(), args),
        });`,
    }));
  },
};

export function testcontainersBundle(common) {
  return {
    ...common,
    sourcemap: false,
    minify: true,
    stdin: {
      contents: 'export { GenericContainer } from "testcontainers/build/generic-container/generic-container.js";',
      resolveDir: common.absWorkingDir,
    },
    plugins: [lazy],
    outfile: "dist/testcontainers.js",
  };
}
