"""The Python client of the Lambda Runtime API: loads the handler, then answers events until it is killed.

Runs inside the execution environment with the standard library alone. Texts and shapes are those of AWS's own client
(github.com/aws/aws-lambda-python-runtime-interface-client, read in November 2026); the code is ours.
"""

import decimal
import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback
import uuid

RUNTIME = "/2018-06-01/runtime"
# Private to lambda-run: answered when INIT begins; tells the exit code, which a shell could take for a signal.
STANDBY = "/lambda-run/standby"
NOTE_EXIT = "/lambda-run/exit/"
ERROR_TYPE_HEADER = "Lambda-Runtime-Function-Error-Type"
NO_BREAK_SPACE = "\u00a0"
TIME_FORMAT = "%Y-%m-%dT%H:%M:%S"
JSON_TIME_FORMAT = TIME_FORMAT + "Z"
TEXT_FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
# Word for word AWS's, since alarms look for it.
INIT_FAILED = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. "
    "However, in rare cases, a Lambda runtime update can cause unexpected function behavior. "
    "For functions using managed runtimes, runtime updates can be triggered by a function change, or can be applied automatically. "
    "To determine if the runtime has been updated, check the runtime version in the INIT_START log entry. "
    "If this error correlates with a change in the runtime version, you may be able to mitigate this error by temporarily rolling back to the previous runtime version. "
    "For more information, see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html\r"
)
FIRST_RUNTIME_WITH_PLAIN_UNICODE = (3, 12)


class Fault(Exception):
    """An error that the runtime itself raises; the platform knows it by its type."""

    def __init__(self, error_type, message, trace=None):
        super().__init__(message)
        self.error_type = error_type
        self.trace = trace or []


class RuntimeClient:
    """One connection, one request at a time."""

    def __init__(self, address):
        self._connection = http.client.HTTPConnection(address)

    def call(self, method, path, body=None, headers=None):
        self._connection.request(method, path, body=body, headers=headers or {})
        response = self._connection.getresponse()
        return response.status, response.headers, response.read()

    def next(self):
        status, headers, body = self.call("GET", RUNTIME + "/invocation/next")
        if status != 200:
            raise RuntimeError(f"Failed to get next: {status} {body.decode()}")
        return headers, body

    def respond(self, request_id, body, content_type):
        self.call("POST", f"{RUNTIME}/invocation/{request_id}/response", body, {"Content-Type": content_type})

    def fail(self, path, error):
        self.call("POST", RUNTIME + path, encode(error), {"Content-Type": "application/json", ERROR_TYPE_HEADER: error["errorType"]})


class Identity:
    def __init__(self, values):
        self.cognito_identity_id = values.get("cognitoIdentityId")
        self.cognito_identity_pool_id = values.get("cognitoIdentityPoolId")


class Client:
    def __init__(self, values):
        for name in ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"):
            setattr(self, name, values.get(name))


class ClientContext:
    def __init__(self, values):
        self.custom = values.get("custom")
        self.env = values.get("env")
        client = values.get("client")
        self.client = None if client is None else Client(client)


class LambdaContext:
    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("Lambda-Runtime-Invoked-Function-Arn")
        self.tenant_id = headers.get("Lambda-Runtime-Aws-Tenant-Id")
        client_context = parse_header(headers, "Lambda-Runtime-Client-Context", "Client Context")
        self.client_context = None if client_context is None else ClientContext(client_context)
        self.identity = Identity(parse_header(headers, "Lambda-Runtime-Cognito-Identity", "Cognito Identity") or {})
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        write_event(str(message))

    def __repr__(self):
        shown = ("aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb")
        shown += ("function_version", "invoked_function_arn", "client_context", "identity", "tenant_id")
        return "LambdaContext([" + ",".join(f"{name}={getattr(self, name)}" for name in shown) + "])"


def parse_header(headers, name, what):
    text = headers.get(name)
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise Fault("Runtime.LambdaContextUnmarshalError", f"Unable to parse {what} JSON: {error}") from error


def declared_version():
    digits = os.environ.get("AWS_EXECUTION_ENV", "").rpartition("python")[2].split(".")
    return tuple(int(part) for part in digits) if all(part.isdigit() for part in digits) else (3, 0)


def plain(value, inside=()):
    """What AWS's encoder (simplejson) takes and the standard library's does not: named tuples are objects, bytes are text."""
    if isinstance(value, bytes):
        return value.decode()
    if not isinstance(value, (dict, list, tuple)):
        return value
    if id(value) in inside:
        raise ValueError("Circular reference detected")
    inside = (*inside, id(value))
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {key.decode() if isinstance(key, bytes) else key: plain(item, inside) for key, item in value.items()}
    return [plain(item, inside) for item in value]


def encode(value):
    """JSON as Lambda's Python writes it: decimals are numbers with all their digits."""
    numbers = {}

    def other(item):
        if not isinstance(item, decimal.Decimal):
            raise TypeError(f"Object of type {type(item).__name__} is not JSON serializable")
        if item.is_nan():
            return float("nan")
        key = uuid.uuid4().hex
        numbers[key] = str(item)
        return key

    text = json.dumps(plain(value), default=other, ensure_ascii=declared_version() < FIRST_RUNTIME_WITH_PLAIN_UNICODE)
    for key, number in numbers.items():
        text = text.replace(f'"{key}"', number)
    return text.encode("utf-8", "surrogatepass")


def load_handler(name):
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)")
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault("Runtime.BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        place = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'
        raise Fault("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", [place]) from error
    try:
        return getattr(module, function_name)
    except AttributeError as error:
        raise Fault("Runtime.HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'") from error


def describe(error, request_id):
    """The error object that the caller gets."""
    if isinstance(error, Fault):
        error_type, trace = error.error_type, error.trace
    else:
        error_type = type(error).__name__
        frames = [(frame.filename, frame.lineno, frame.name, frame.line) for frame in traceback.extract_tb(error.__traceback__)]
        # The caller of a handler that cannot be called is all there is to show.
        frames = [frame for frame in frames if frame[0] != __file__] or frames[-1:]
        trace = traceback.format_list(frames)
    return {"errorMessage": str(error), "errorType": error_type, "requestId": request_id, "stackTrace": trace}


class LogHandler(logging.Handler):
    """The root logger's handler. A function may give it a formatter of its own; every call is an event of its own."""

    def emit(self, record):
        try:
            write_event(self.format(record))
        except Exception:  # logging never fails its caller: a bad format string is reported and passed over
            traceback.print_exc()


def write_event(text):
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


class JsonFormatter(logging.Formatter):
    def format(self, record):
        # Levels between the named ones count as the one below.
        level = logging.getLevelName(min(50, max(0, record.levelno)) // 10 * 10)
        whole = isinstance(record.msg, dict) and not record.args
        line = {
            "timestamp": time.strftime(JSON_TIME_FORMAT, time.gmtime(record.created)),
            "level": level,
            "message": record.msg if whole else record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0] is not None:
            kind, value, trace = record.exc_info
            line["stackTrace"] = traceback.format_tb(trace)
            line["errorType"] = kind.__name__
            line["errorMessage"] = str(value)
        line["requestId"] = record.aws_request_id
        if record.exc_info:
            line["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
        if record.tenant_id is not None:
            line["tenantId"] = record.tenant_id
        known = {*logging.makeLogRecord({}).__dict__, "message", "aws_request_id", "tenant_id", *line}
        line.update((key, value) for key, value in record.__dict__.items() if key not in known and value is not None)
        return json.dumps(line, ensure_ascii=False, default=str) + "\n"


class Log:
    """Text or JSON lines for the logging module and for errors; `print` is left alone."""

    def __init__(self, environment):
        self.request_id = None
        self.tenant_id = None
        self._json = environment.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
        level = environment.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
        self._level = {"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"}.get(level, level)

    def install(self):
        handler = LogHandler()
        handler.addFilter(self._mark)
        logging.Formatter.converter = time.gmtime
        handler.setFormatter(JsonFormatter() if self._json else logging.Formatter(TEXT_FORMAT, TIME_FORMAT))
        root = logging.getLogger()
        root.addHandler(handler)
        if self._level in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
            root.setLevel(self._level)

    def error(self, error):
        if self._json:
            stamped = {"timestamp": time.strftime(JSON_TIME_FORMAT, time.gmtime()), "level": "ERROR", **error}
            sys.stdout.write(encode(stamped).decode() + "\n")
            return
        words = [error["errorType"], error["errorMessage"]]
        lines = ["[ERROR] " + ": ".join(word for word in words if word), "Traceback (most recent call last):"]
        for entry in error["stackTrace"]:
            for line in entry.splitlines():
                text = line.lstrip(" ")
                lines.append(NO_BREAK_SPACE * (len(line) - len(text)) + text)
        # One log event, although it has several lines.
        sys.stdout.write("\r".join(lines) + "\n")

    def _mark(self, record):
        """`%(aws_request_id)s` is there for formatters of the function's own."""
        record.aws_request_id = self.request_id or ""
        record.tenant_id = self.tenant_id
        return True


def serve(client, log, handler):
    headers, body = client.next()
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    log.request_id = request_id
    log.tenant_id = headers.get("Lambda-Runtime-Aws-Tenant-Id")
    trace_id = headers.get("Lambda-Runtime-Trace-Id")
    if trace_id is None:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    else:
        os.environ["_X_AMZN_TRACE_ID"] = trace_id
    try:
        result, content_type = run(handler, headers, body)
    except Exception as error:  # whatever the handler raises is its answer
        described = describe(error, request_id)
        log.error(described)
        client.fail(f"/invocation/{request_id}/error", described)
        return
    client.respond(request_id, result, content_type)


def run(handler, headers, body):
    context = LambdaContext(headers)
    try:
        event = json.loads(body)
    except ValueError as error:
        raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from error
    result = handler(event, context)
    if isinstance(result, bytes):
        return result, "application/unknown"
    try:
        return encode(result), "application/json"
    except Exception as error:  # cycles, foreign types, keys that are no strings
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def await_variables(environment):
    """Started before its variables were known, the process finds them on standard input; then that is everybody's."""
    if "LAMBDA_RUN_AWAITS" not in environment:
        return
    text = sys.stdin.buffer.read()
    if not text:
        # Nobody wanted it: whoever began it is about to kill it.
        sys.exit()
    environment.update(json.loads(text))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, sys.stdin.fileno())
    os.close(null)


def main():
    environment = os.environ
    await_variables(environment)
    for name in [name for name in environment if name.startswith("LAMBDA_RUN_")]:
        del environment[name]
    client = RuntimeClient(environment["AWS_LAMBDA_RUNTIME_API"])
    client.call("GET", STANDBY)
    # Here INIT begins.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    sys.path[:0] = [environment["LAMBDA_TASK_ROOT"], f"/opt/python/lib/{version}/site-packages", "/opt/python"]
    log = Log(environment)
    log.install()
    try:
        handler = load_handler(environment["_HANDLER"])
    except Exception as error:  # user code may raise anything while it loads
        described = describe(error, "")
        logging.warning(INIT_FAILED)
        log.error(described)
        client.fail("/init/error", described)
        sys.exit(1)
    while True:
        serve(client, log, handler)


def exit_code(leaving):
    if leaving.code is None:
        return 0
    return leaving.code & 0xFF if isinstance(leaving.code, int) else 1


if __name__ == "__main__":
    try:
        main()
    except SystemExit as leaving:
        RuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"]).call("POST", NOTE_EXIT + str(exit_code(leaving)), b"")
        raise
