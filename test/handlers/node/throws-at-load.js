console.log("loading");
throw new Error("at load");
