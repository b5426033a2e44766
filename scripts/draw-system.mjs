// Draws what surrounds one function of the template as a Mermaid flowchart: what fires it, what it uses, what watches it.
// Every box and arrow comes from the template and the config, so that the picture cannot say anything else than they do.

/** `application` and `config` as loadApplication gives them. */
export function drawSystem(application, config, functionName) {
  const fn = application.functions.find(({ name }) => name === functionName);
  if (fn === undefined) throw new Error(`the template has no function "${functionName}"`);
  const boxes = new Map();
  const arrows = [];
  const box = (id, shape) => boxes.set(id, `  ${id}${shape}`);
  const arrow = (from, to, label, line = "-->") =>
    arrows.push(`  ${from} ${line}${label === "" ? "" : `|"${label}"|`} ${to}`);

  box(fn.logicalId, `["λ ${fn.name}<br/>${fn.memoryMb} MB, ${fn.timeoutSeconds} s"]`);
  const queues = new Set();
  for (const source of application.eventSources.filter(({ functionId }) => functionId === fn.logicalId)) {
    if (source.kind !== "sqs") continue;
    const queue = application.queues.find(({ arn }) => arn === source.queueArn);
    if (queue === undefined) continue;
    queues.add(queue);
    arrow(
      queue.logicalId,
      fn.logicalId,
      `batches of ${source.batchSize}${source.reportBatchItemFailures ? ", partial failures" : ""}`,
    );
  }
  for (const queue of queues) {
    box(queue.logicalId, `[/"queue ${queue.name}"/]`);
    const dead = application.queues.find(({ arn }) => arn === queue.redrive?.deadLetterTargetArn);
    if (dead === undefined) continue;
    box(dead.logicalId, `[/"dead letters ${dead.name}"/]`);
    arrow(queue.logicalId, dead.logicalId, `after ${queue.redrive.maxReceiveCount} receives`);
    queues.add(dead);
  }
  const sources = new Set();
  for (const bucket of application.buckets) {
    for (const { events, target } of bucket.notifications) {
      const queue = [...queues].find(({ arn }) => arn === target.arn);
      if (queue === undefined) continue;
      sources.add(bucket);
      box(bucket.logicalId, `[("bucket ${bucket.name}")]`);
      arrow(bucket.logicalId, queue.logicalId, events.join(", "));
    }
  }
  // What the function is told of in its environment, it uses.
  const told = new Set(Object.values(fn.environment));
  for (const bucket of sources)
    if (told.has(bucket.name)) arrow(fn.logicalId, bucket.logicalId, "GET each file", "-.->");
  for (const table of application.tables.filter(({ name, arn }) => told.has(name) || told.has(arn))) {
    box(table.logicalId, `[("table ${table.name}")]`);
    arrow(fn.logicalId, table.logicalId, "claim, then done", "-.->");
  }
  for (const secret of application.secrets.filter(({ name, arn }) => told.has(name) || told.has(arn))) {
    box(secret.logicalId, `{{"secret ${secret.name}"}}`);
    arrow(fn.logicalId, secret.logicalId, "address and keys", "-.->");
    for (const [name, { port, buckets }] of Object.entries(config.secondStores)) {
      if (!secret.secretString?.includes(`:${port}`)) continue;
      box(name, `[("${name}, port ${port}<br/>bucket ${buckets.join(", ")}")]`);
      arrow(fn.logicalId, name, "tar.gz: PUT, COPY with its digest, HEAD", "==>");
    }
  }
  for (const alarm of application.alarms) {
    const { QueueName, FunctionName } = alarm.dimensions;
    const watched = FunctionName === fn.name ? fn : [...queues].find(({ name }) => name === QueueName);
    if (watched === undefined) continue;
    box(alarm.logicalId, `>"alarm ${alarm.name}<br/>${alarm.metricName}"]`);
    arrow(alarm.logicalId, watched.logicalId, "", "-.-");
  }
  return ["flowchart LR", ...boxes.values(), ...arrows].join("\n");
}

/** The page with the picture between its marks exchanged. */
export function withPicture(page, picture) {
  const marks = /(<!-- picture: .*? -->\n)[\s\S]*?(<!-- end of picture -->)/;
  if (!marks.test(page)) throw new Error("the page has no marks for the picture");
  return page.replace(marks, (_all, begin, end) => `${begin}\`\`\`mermaid\n${picture}\n\`\`\`\n${end}`);
}
