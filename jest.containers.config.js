/** What needs a Docker engine: `npm run test:containers`. */
const base = require("./jest.config.js");
module.exports = { ...base, testMatch: ["**/test/containers/**/*.containers.ts"], maxWorkers: 1, testTimeout: 60_000 };
