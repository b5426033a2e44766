/** Every command: its usage, flags and examples, and where its code is. Loaded only when it runs. */
import type { Action } from "./action.js";

export interface CommandSpec {
  readonly usage: string;
  readonly description: string;
  readonly flags: readonly Flag[];
  readonly examples: readonly string[];
  readonly load: () => Promise<Action>;
}

type Flag = readonly [flags: string, description: string];

const JSON_FLAG: Flag = ["--json", "print one JSON object on stdout"];
const INSPECT_FLAGS: readonly Flag[] = [
  ["--inspect [port]", "open Node's inspector; the timeout stops while a debugger is paused"],
  ["--inspect-brk [port]", "the same, and stop before the first line"],
];
const CHOICE_FLAGS: readonly Flag[] = [
  ["--last", "the last invocation (the default)"],
  ["--failed", "the last one that failed"],
];

export const COMMANDS: readonly CommandSpec[] = [
  {
    usage: "invoke <function>",
    description: "run a function once and print its answer",
    flags: [
      ["-e, --event <file>", "event: a JSON file, the name of a fixture, or - for standard input"],
      ["-d, --data <json>", "event as text"],
      ["--client-context <json>", "client context of the call"],
      ...INSPECT_FLAGS,
      JSON_FLAG,
    ],
    examples: [
      "invoke manifest --event s3.json",
      "invoke src/handler.ts --data '{\"id\": 7}'",
      "invoke manifest --event s3.json --json",
    ],
    load: async () => (await import("./commands/invoke.js")).invokeCommand,
  },
  {
    usage: "execute <machine>",
    description: "run a state machine once, show the states it goes through, and print its output",
    flags: [
      ["-e, --event <file>", "input: a JSON file, the name of a fixture, or - for standard input"],
      ["-d, --data <json>", "input as text"],
      JSON_FLAG,
    ],
    examples: ["execute Orders --event order.json", "execute Orders --data '{\"id\": 7}'", "execute Orders --json"],
    load: async () => (await import("./commands/execute.js")).executeCommand,
  },
  {
    usage: "start",
    description: "run everything that the template declares, watched, until stopped",
    flags: [
      ["--no-watch", "take no notice of saves"],
      ["--inspect [function or port]", "open Node's inspector in a function"],
      ["--inspect-brk [function or port]", "the same, and stop before the first line"],
      ["--json", "print one JSON object a line on stdout: ready, log, invocation, built, broken, stopped"],
    ],
    examples: ["start", "start --port 4570 --ephemeral", "start --inspect manifest"],
    load: async () => (await import("./commands/start.js")).startCommand,
  },
  {
    usage: "watch <function>",
    description: "run an event again on each save, and show what the save changed in the answer",
    flags: [
      ["-e, --event <file>", "event: a JSON file, the name of a fixture, or - for standard input"],
      ["-d, --data <json>", "event as text"],
      ...INSPECT_FLAGS,
      ["--json", "print one JSON object a line on stdout"],
    ],
    examples: ["watch manifest --event s3.json", "watch src/handler.ts --data '{\"id\": 7}'"],
    load: async () => (await import("./commands/watch.js")).watchCommand,
  },
  {
    usage: "test [fixtures...]",
    description: "hold fixtures against the expectations beside them",
    flags: [
      ["-u, --update", "write what came out as the new expectation"],
      ["--fn <function>", "with --update: make an expectation for this function"],
      ["--reporter <name>", "text, junit or github (default: github where GITHUB_ACTIONS is set, else text)"],
      ["-o, --out <file>", "write a JUnit report to a file, too"],
      ["--workers <number>", "how many at a time (default: half of the processors)"],
    ],
    examples: ["test", "test s3.json --fn manifest --update", "test --out junit.xml"],
    load: async () => (await import("./commands/test.js")).testCommand,
  },
  {
    usage: "seed",
    description: "put sample PDFs or CSV files into a bucket; beside a running stack they fire what uploads fire",
    flags: [
      ["--bucket <name>", "bucket (default: that of the first seed in the config)"],
      ["--prefix <prefix>", "folder of the PDFs (default: 2026/04/)"],
      ["--kind <kind>", "pdf or csv (default: pdf)"],
      ["--count <number>", "how many (default: 24)"],
      ["--size <size>", "size of each PDF, such as 2k or 1m (default: 2k)"],
      ["--rows <number>", "rows of each CSV file (default: 50)"],
      ["--workers <number>", "uploads at once (default: 64)"],
      JSON_FLAG,
    ],
    examples: [
      "seed",
      "seed --count 100000 --size 2k",
      "seed --bucket csv-uploads --kind csv --count 100 --rows 50 --workers 10",
    ],
    load: async () => (await import("./commands/seed.js")).seedCommand,
  },
  {
    usage: "generate-event <kind>",
    description:
      "print an event: apigw:v1, apigw:v2, apigw:websocket-message (connect, disconnect), url, s3:put, s3:delete, sqs, sns, dynamodb:insert (modify, remove), kinesis, eventbridge, schedule, scheduler, sfn",
    flags: [
      ["--method <method>", "HTTP method (default: GET)"],
      ["--path <path>", "path, with the query if there is one (default: /)"],
      ["--route <path>", "route that the path lies on, such as /items/{id}; of a WebSocket message its key"],
      ["--stage <name>", "stage of the API"],
      ["-H, --header <header...>", 'header, as "Name: value"'],
      [
        "--body <text>",
        "body of the request or message, data of the record, detail of the event, input of the task, item of the table; @file, @- for stdin",
      ],
      ["--bucket <name>", "bucket of an S3 event, by name or logical id"],
      ["--key <key>", "key of an S3 event, as you would write it"],
      ["--size <bytes>", "size of the object"],
      ["--queue <name>", "queue of an SQS event, by name or logical id"],
      ["--topic <name>", "topic of an SNS event, by name or logical id"],
      ["--subject <text>", "subject of an SNS event"],
      ["--stream <name>", "stream of a Kinesis event, by name or logical id"],
      ["--partition-key <key>", "partition key of a Kinesis event"],
      ["--table <name>", "table of a DynamoDB event, by name or logical id"],
      ["--old <text>", "what a modified item was before; @file, @- for stdin"],
      ["--source <name>", "source of an event of the bus"],
      ["--detail-type <text>", "detail type of an event of the bus"],
      ["--schedule <name>", "rule or schedule that fires by time, by name or logical id"],
      ["--in <kind...>", "put it into sqs, sns, eventbridge or kinesis, one into the other in this order"],
    ],
    examples: [
      "generate-event apigw:v2 --method POST --path /upload --body @request.json",
      "generate-event s3:put --bucket reports --key '2026/04/a b.pdf' --in sqs",
      `generate-event dynamodb:modify --table Orders --body '{"id":"7","state":"paid"}' --old '{"id":"7","state":"new"}'`,
      "generate-event s3:put --in eventbridge sqs | lambda-run invoke manifest --event -",
    ],
    load: async () => (await import("./commands/generate-event.js")).generateEventCommand,
  },
  {
    usage: "list",
    description: "list the functions, state machines and resources of the template, and where its APIs answer",
    flags: [JSON_FLAG],
    examples: ["list", "list --json"],
    load: async () => (await import("./commands/list.js")).listCommand,
  },
  {
    usage: "doctor",
    description:
      "say how each limit is held here, whether Docker answers, and what of the template would not work on AWS",
    flags: [JSON_FLAG],
    examples: ["doctor", "doctor --sandbox portable"],
    load: async () => (await import("./commands/doctor.js")).doctorCommand,
  },
  {
    usage: "down",
    description: "remove the containers that lambda-run made",
    flags: [JSON_FLAG],
    examples: ["down"],
    load: async () => (await import("./commands/down.js")).downCommand,
  },
  {
    usage: "package",
    description: "write the ZIPs and a template that names them, ready for `sam deploy`",
    flags: [
      ["-o, --out <dir>", "where to (default: package in the state folder)"],
      ["--s3-bucket <name>", "put the ZIPs into this bucket, for `aws cloudformation deploy`"],
      ["--s3-prefix <prefix>", "folder in that bucket"],
      JSON_FLAG,
    ],
    examples: ["package", "package --out build", "package --s3-bucket my-deployments --s3-prefix reports"],
    load: async () => (await import("./commands/package.js")).packageCommand,
  },
  {
    usage: "runtimes <action> [runtime]",
    description: "list, add or remove real Node versions (add nodejs24.x)",
    flags: [JSON_FLAG],
    examples: ["runtimes list", "runtimes add nodejs24.x", "runtimes remove nodejs24.x"],
    load: async () => (await import("./commands/runtimes.js")).runtimesCommand,
  },
  {
    usage: "reset",
    description: "delete the local state",
    flags: [],
    examples: ["reset"],
    load: async () => (await import("./commands/reset.js")).resetCommand,
  },
  {
    usage: "state <action> <file>",
    description: "export the local state to a file, or import it (- for standard output and input)",
    flags: [["--force", "export over a file that is there, import over a state that is there"]],
    examples: ["state export before.tar.gz", "state import before.tar.gz --force"],
    load: async () => (await import("./commands/state.js")).stateCommand,
  },
  {
    usage: "events",
    description: "list what has happened, newest last",
    flags: [
      ["--failed", "only invocations that failed"],
      ["--fn <function>", "only those of one function"],
      ["-n, --count <number>", "how many (default: 20)"],
      ["--json", "print one JSON object a line on stdout"],
    ],
    examples: ["events", "events --failed", "events --fn manifest -n 100"],
    load: async () => (await import("./commands/events.js")).eventsCommand,
  },
  {
    usage: "show [id]",
    description: "show an event of the history whole (the last one without an id)",
    flags: [...CHOICE_FLAGS, JSON_FLAG],
    examples: ["show", "show 9cb409b2", "show --failed"],
    load: async () => (await import("./commands/show.js")).showCommand,
  },
  {
    usage: "replay [id]",
    description: "run an event of the history once more, on the code as it is now",
    flags: [
      ...CHOICE_FLAGS,
      ["--to <function>", "another function than the one that ran"],
      ...INSPECT_FLAGS,
      JSON_FLAG,
    ],
    examples: ["replay --last", "replay 9cb409b2", "replay --failed --inspect-brk"],
    load: async () => (await import("./commands/replay.js")).replayCommand,
  },
  {
    usage: "why [id]",
    description: "say which rule, filter or mapping matched an event, and which did not",
    flags: [...CHOICE_FLAGS, JSON_FLAG],
    examples: ["why", "why 9cb409b2"],
    load: async () => (await import("./commands/why.js")).whyCommand,
  },
  {
    usage: "export-event [id]",
    description: "write an event of the history as a fixture, without its secrets",
    flags: [
      ...CHOICE_FLAGS,
      ["-o, --out <file>", "where to (default: fixtures/events/<source>/), or - for standard output"],
      ["--force", "write over a file that is there"],
    ],
    examples: ["export-event", "export-event 9cb409b2 --out fixtures/events/s3/awkward-key.json"],
    load: async () => (await import("./commands/export-event.js")).exportEventCommand,
  },
  {
    usage: "queues",
    description: "list the queues: what waits, what is in flight, and for how long",
    flags: [JSON_FLAG],
    examples: ["queues", "queues --json"],
    load: async () => (await import("./commands/queues.js")).queuesCommand,
  },
  {
    usage: "top",
    description: "watch the queues, state machines and functions of the running stack; in a pipe, show them once",
    flags: [["--interval <seconds>", "seconds between two looks (default: 1)"], JSON_FLAG],
    examples: ["top", "top --json"],
    load: async () => (await import("./commands/top.js")).topCommand,
  },
  {
    usage: "inbox [mail]",
    description: "show the mails of the stack: what topics sent to e-mail addresses, and what came over SMTP",
    flags: [["--clear", "delete them all"], JSON_FLAG],
    examples: ["inbox", "inbox 3f2a", "inbox --clear"],
    load: async () => (await import("./commands/inbox.js")).inboxCommand,
  },
  {
    usage: "peek <queue>",
    description: "show the first messages of a queue; only on another server is that a receive",
    flags: [["--count <number>", "how many (default: 10)"], JSON_FLAG],
    examples: ["peek landing-files-dlq", "peek landing-files --count 100 --json"],
    load: async () => (await import("./commands/peek.js")).peekCommand,
  },
  {
    usage: "redrive <queue>",
    description: "send the messages of a dead-letter queue back to where they came from",
    flags: [["--rate <number>", "messages per second, up to 500 (default: as fast as it goes)"], JSON_FLAG],
    examples: ["redrive landing-files-dlq", "redrive landing-files-dlq --rate 50"],
    load: async () => (await import("./commands/redrive.js")).redriveCommand,
  },
  {
    usage: "purge <queue>",
    description: "delete all messages of a queue",
    flags: [JSON_FLAG],
    examples: ["purge landing-files-dlq"],
    load: async () => (await import("./commands/purge.js")).purgeCommand,
  },
  {
    usage: "init",
    description: "write what a project needs to run here, and leave alone what is there",
    flags: [["--force", "write a template also beside another kind of project"]],
    examples: ["init"],
    load: async () => (await import("./commands/init.js")).initCommand,
  },
  {
    usage: "completion <shell>",
    description: "print the completion script of bash, zsh or fish",
    flags: [],
    examples: ["completion bash >> ~/.bashrc", "completion fish | source"],
    load: async () => (await import("./commands/completion.js")).completionCommand,
  },
];
