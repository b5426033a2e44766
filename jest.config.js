"use strict";

/** Tests mirror src/. ts-jest compiles each file alone (types are checked by `npm run check`). */
module.exports = {
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  // Code under test, broken package.json files among it.
  modulePathIgnorePatterns: ["<rootDir>/test/handlers/"],
  testMatch: ["**/*.test.ts"],
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": "$1" },
  transform: {
    "^.+\\.ts$": [
      "ts-jest",
      {
        // jest runs CommonJS: `import()` has to become `require` here, and only here.
        tsconfig: { module: "commonjs", moduleResolution: "bundler", rootDir: ".", isolatedModules: true, types: ["node", "jest"], target: "ES2023", esModuleInterop: true },
        diagnostics: false,
      },
    ],
  },
  // Most tests wait for processes of theirs: on two cores two workers are better than jest's one.
  maxWorkers: "100%",
  // A test that waits for processes takes a second on a quiet machine and twenty on a busy one.
  testTimeout: 60_000,
};
