#!/usr/bin/env node
"use strict";

// The version is asked for by scripts and editors: it loads nothing.
const [, , first, ...rest] = process.argv;
if (rest.length === 0 && (first === "--version" || first === "-V")) {
  process.stdout.write(`${require("../package.json").version}\n`);
} else {
  require("./start.js");
}
