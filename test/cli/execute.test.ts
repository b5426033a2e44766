/** `lambda-run execute`: a state machine of the template once, in a stack of its own or in the one that runs. */
import { once } from "node:events";
import { readyOf } from "../ready-line.js";
import { ProjectFolder } from "./cli.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Total:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: total, Runtime: nodejs22.x, Handler: total.handler, CodeUri: src, Timeout: 5 }
  Orders:
    Type: AWS::Serverless::StateMachine
    Properties: { Name: orders, DefinitionUri: orders.asl.json, DefinitionSubstitutions: { Total: !GetAtt Total.Arn } }
  Slow:
    Type: AWS::Serverless::StateMachine
    Properties: { Definition: { TimeoutSeconds: 1, StartAt: Wait, States: { Wait: { Type: Wait, Seconds: 60, End: true } } } }
  Jobs: { Type: AWS::SQS::Queue }
  Approve: { Type: AWS::StepFunctions::Activity, Properties: { Name: approve } }
  Asks:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionSubstitutions: { Jobs: !Ref Jobs, Approve: !Ref Approve }
      # Nothing in it starts a process: on a busy machine that alone takes seconds.
      Definition:
        TimeoutSeconds: 4
        StartAt: Both
        States:
          Both:
            Type: Parallel
            End: true
            Branches:
              - StartAt: Call
                States:
                  Call:
                    Type: Task
                    Resource: arn:aws:states:::sqs:sendMessage.waitForTaskToken
                    Parameters: { QueueUrl: "\${Jobs}", MessageBody.$: $$.Task.Token }
                    End: true
              - StartAt: Work
                States: { Work: { Type: Task, Resource: "\${Approve}", End: true } }
  Wrong:
    Type: AWS::Serverless::StateMachine
    Properties: { Definition: { QueryLanguage: JSONata, StartAt: Look, States: { Look: { Type: Pass, Output: "{% $states.input.absent %}", End: true } } } }
  Quick:
    Type: AWS::Serverless::StateMachine
    Properties: { Type: EXPRESS, Definition: { StartAt: Done, States: { Done: { Type: Pass, Result: { quick: true }, End: true } } } }
`;
const DEFINITION = {
  StartAt: "Each",
  States: {
    Each: {
      Type: "Map",
      ItemsPath: "$.items",
      ItemProcessor: {
        StartAt: "Sum",
        States: { Sum: { Type: "Task", Resource: "${Total}", End: true } },
      },
      Next: "Done",
    },
    Done: { Type: "Succeed" },
  },
};
const HANDLER = `exports.handler = async ({ price, count }) => {
  if (count === undefined) throw new TypeError("an item has no count");
  return price * count;
};`;

let project: ProjectFolder;
beforeEach(() => {
  project = new ProjectFolder({
    "template.yaml": TEMPLATE,
    "orders.asl.json": JSON.stringify(DEFINITION),
    "src/total.js": HANDLER,
    "lambda-run.config.json": JSON.stringify({ ports: { gateway: 0, http: 0 } }),
  });
});
afterEach(() => project.remove());

const INPUT = JSON.stringify({ items: [{ price: 2, count: 3 }] });

describe("lambda-run execute", () => {
  it("prints the output alone on stdout, and the states as they come and go on stderr", async () => {
    const { exitCode, stdout, stderr } = await project.run(["execute", "Orders", "--data", INPUT]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "[6]\n" });
    const told = stderr.split("\n").flatMap((line) => /^ *\d+ ms {2}( *(?:entered|left) .*)/.exec(line)?.[1] ?? []);
    expect(told.map((line) => line.replace(/\d+ ms$/, "N ms"))).toEqual([
      "entered Each (Map)",
      "  entered Sum [0] (Task)",
      "  left    Sum [0] after N ms",
      "left    Each after N ms",
      "entered Done (Succeed)",
      "left    Done after N ms",
    ]);
    expect(stderr).toMatch(/^succeeded in \d+ ms$/m);
    // Logs of functions are there, too.
    expect(stderr).toContain("START RequestId");
  });

  it("ends with 1 when the execution fails, and says in which state and why", async () => {
    const { exitCode, stdout, stderr } = await project.run(["execute", "orders", "--data", '{"items":[{"price":1}]}']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(/failed {2}Sum \[0\]: TypeError: an item has no count/);
    expect(stderr).toMatch(/^failed after \d+ ms: TypeError: an item has no count$/m);
  });

  it("says where an expression could not be evaluated", async () => {
    const { exitCode, stderr } = await project.run(["execute", "Wrong"]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/failed {2}Look: States\.QueryEvaluationError: /);
  });

  it("answers with one object for machines", async () => {
    const { stdout } = await project.run(["execute", "Orders", "--json", "--data", INPUT]);
    expect(JSON.parse(stdout)).toMatchObject({
      status: "SUCCEEDED",
      executionArn: expect.stringMatching(/^arn:aws:states:us-east-1:000000000000:execution:orders:/),
      output: [6],
      error: null,
      states: [
        { name: "Each", type: "Map", errors: [] },
        { name: "Sum", type: "Task", index: 0, errors: [], durationMs: expect.any(Number) },
        { name: "Done", type: "Succeed" },
      ],
    });
  });

  it("ends with 4 when the time of the machine is up", async () => {
    const { exitCode, stderr } = await project.run(["execute", "Slow"]);
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(/^timed out after \d+ ms/m);
  });

  it("says what a state waits for, and once that nothing else fires here", async () => {
    const { exitCode, stderr } = await project.run(["execute", "Asks"]);
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(/waits {3}Call: for SendTaskSuccess or SendTaskFailure with its token$/m);
    expect(stderr).toMatch(/waits {3}Work: for a worker of its activity$/m);
    // Behind the first that waits, whichever that is.
    expect(stderr).toMatch(/waits .*\nnote queues, .*`lambda-run start`/);
    expect(stderr.match(/note queues/g)).toHaveLength(1);
  });

  it("runs Express machines, too", async () => {
    const { exitCode, stdout } = await project.run(["execute", "Quick"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '{"quick":true}\n' });
  });

  it("ends with 2 for an unknown machine, a broken input and a definition that AWS refuses", async () => {
    const unknown = await project.run(["execute", "Oders"]);
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stderr).toContain('There is no state machine "Oders". Did you mean "Orders"?');
    const fn = await project.run(["execute", "Total"]);
    expect(fn.exitCode).toBe(2);
    expect(fn.stderr).toMatch(/"Total" is a function, not a state machine[^]*`lambda-run invoke total`/);
    const machine = await project.run(["invoke", "Orders"]);
    expect(machine.exitCode).toBe(2);
    expect(machine.stderr).toMatch(/"Orders" is a state machine, not a function[^]*`lambda-run execute Orders`/);
    expect((await project.run(["execute", "Orders", "--data", "{"])).exitCode).toBe(2);
    const swapped = await project.run(["execute", "Orders", "--event", "{}"]);
    expect(swapped.exitCode).toBe(2);
    expect(swapped.stderr).toMatch(/No event file[^]*fix +JSON itself goes with --data\./);
    project.write("orders.asl.json", JSON.stringify({ ...DEFINITION, StartAt: "Start" }));
    const invalid = await project.run(["execute", "Orders"]);
    expect(invalid.exitCode).toBe(2);
    expect(invalid.stderr).toContain("The definition of Orders is not valid");
    expect(invalid.stderr).toMatch(/where +orders\.asl\.json: \/StartAt/);
    expect(invalid.stderr).toContain("MISSING_TRANSITION_TARGET");
  });

  it("uses the stack that runs, with the definition that was saved meanwhile, and stops the execution at Ctrl-C", async () => {
    const stack = project.spawn(["start", "--json"]);
    let said = "";
    stack.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    stack.stderr.resume();
    const ended = once(stack, "close");
    try {
      await readyOf(stack.stdout);
      expect((await project.run(["execute", "Orders", "--data", INPUT])).stdout).toBe("[6]\n");
      project.write(
        "orders.asl.json",
        JSON.stringify({ StartAt: "A", States: { A: { Type: "Wait", Seconds: 3600, End: true } } }),
      );
      while (!said.includes("Orders: definition")) await once(stack.stdout, "data");
      const waiting = project.spawn(["execute", "Orders", "--json"]);
      let answer = "";
      waiting.stdout.setEncoding("utf8").on("data", (text: string) => (answer += text));
      let told = "";
      for await (const text of waiting.stderr.setEncoding("utf8") as AsyncIterable<string>) {
        const entered = told.includes("entered A (Wait)");
        told += text;
        if (!entered && told.includes("entered A (Wait)")) waiting.kill("SIGINT");
      }
      if (waiting.exitCode === null) await once(waiting, "close");
      expect(waiting.exitCode).toBe(130);
      expect(JSON.parse(answer)).toMatchObject({ status: "ABORTED", error: "Interrupted" });
    } finally {
      stack.kill("SIGINT");
      await ended;
    }
  });
});

it("keeps executions in the history: each has its line, its page, and what started it", async () => {
  await project.run(["execute", "Quick"]);
  await project.run(["execute", "orders", "--data", '{"items":[{"price":1}]}']);
  const { stdout } = await project.run(["events"]);
  expect(stdout).toMatch(/^[\d:]+ {2}\w{8} {2}Quick {2}ok {2}\d+ ms {2}execution$/m);
  const [, id = ""] = /^[\d:]+ {2}(\w{8}) {2}Orders {2}TypeError {2}\d+ ms {2}execution$/m.exec(stdout) ?? [];
  expect((await project.run(["events", "--failed"])).stdout).toContain(id);
  const page = (await project.run(["show", id])).stdout;
  expect(page).toMatch(/^arn arn:aws:states:us-east-1:000000000000:execution:orders:/m);
  expect(page).toMatch(/^input\n\{\n {2}"items"/m);
  expect(page).toMatch(/^error\nTypeError: .*an item has no count/m);
  expect((await project.run(["why", id])).stdout).toMatch(
    /^Orders ran with an input of direct\nyes {2}StartExecution$/m,
  );
  const replay = await project.run(["replay", id]);
  expect(replay.exitCode).toBe(2);
  expect(replay.stderr).toContain("`lambda-run execute` with that");
});

it("says at the terminal of a running stack how executions end, under the ids of the history", async () => {
  const stack = project.spawn(["start"]);
  let said = "";
  stack.stdout.resume();
  stack.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = once(stack, "close");
  try {
    while (!said.includes("ready in")) await once(stack.stderr, "data");
    await project.run(["execute", "orders", "--data", '{"items":[{"price":1}]}']);
    while (!said.includes("execution\n  an item has no count\n")) await once(stack.stderr, "data");
    const [, id = ""] = /^[\d:]+ {2}(\w{8}) {2}Orders {2}TypeError {2}\d+ ms {2}execution$/m.exec(said) ?? [];
    expect((await project.run(["show", id])).exitCode).toBe(0);
  } finally {
    stack.kill("SIGINT");
    await ended;
  }
  expect(said).toMatch(/^1 invocation, .*, 1 failed; 1 execution, 1 failed$/m);
});

it("lists the machines of a template", async () => {
  const { stdout } = await project.run(["list"]);
  expect(stdout).toMatch(/^STATE MACHINE +LOGICAL ID +TYPE +DEFINITION\norders +Orders +STANDARD +orders\.asl\.json$/m);
});

it("names the machines when a stack is up", async () => {
  const stack = project.spawn(["start", "--ephemeral"]);
  stack.stdout.resume();
  const ended = once(stack, "close");
  let said = "";
  for await (const text of stack.stderr.setEncoding("utf8") as AsyncIterable<string>) {
    const before = said;
    said += text;
    if (!before.includes("machines  ") && said.includes("machines  ")) stack.kill("SIGINT");
  }
  await ended;
  expect(said).toMatch(/^machines +Orders, Slow, Asks, Wrong, Quick$/m);
});

it("lists no functions where there are machines alone", async () => {
  project.write(
    "template.yaml",
    'Resources: { M: { Type: AWS::StepFunctions::StateMachine, Properties: { StateMachineName: m, RoleArn: \'arn:aws:iam::000000000000:role/r\', DefinitionString: \'{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}\' } } }',
  );
  expect((await project.run(["list"])).stdout).toMatch(/^STATE MACHINE/);
});
